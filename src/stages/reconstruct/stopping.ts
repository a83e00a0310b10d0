/**
 * When the iterations of a bin end. With known sigma: as soon as the residual is as small as the noise makes it
 * (Morozov's discrepancy principle), for iterating further fits the noise. Without: when the residual no longer falls.
 *
 * Source: Hansen, Discrete Inverse Problems (2010), section 5.2 and chapter 6.
 */
import { LANES } from "../../projector/index.ts";
import type { ReconstructionPlan } from "./plan.ts";

/** Why the iterations of a bin ended; "not-finite": its sinogram holds NaN or infinity, and so it was not reconstructed. */
export const STOP_REASONS = ["direct", "discrepancy", "tolerance", "iterations", "no-signal", "not-finite"] as const;
export type StopReason = (typeof STOP_REASONS)[number];

/** The state of 16 bins; each bin is judged by itself. */
export class Stopping {
  readonly iterations = new Int32Array(LANES);
  readonly stopped = new Array<StopReason | undefined>(LANES).fill(undefined);
  /** [lane] norm of the residual over the norm of the rays */
  readonly residual = new Float64Array(LANES).fill(NaN);
  private readonly plan: ReconstructionPlan;
  private readonly measured: Float64Array;
  private readonly noise: Float64Array | undefined;
  private readonly previous = new Float64Array(LANES).fill(Infinity);

  /**
   * @param measured [lane] sum of squares of the rays
   * @param noise    [lane] sum of their variances, where known
   */
  constructor(plan: ReconstructionPlan, measured: Float64Array, noise?: Float64Array) {
    this.plan = plan;
    this.measured = measured;
    this.noise = noise;
    for (let lane = 0; lane < LANES; lane++) {
      if (measured[lane] === 0) this.stopped[lane] = "no-signal";
    }
  }

  isRunning(lane: number): boolean {
    return this.stopped[lane] === undefined;
  }
  get anyRunning(): boolean {
    return this.stopped.includes(undefined);
  }

  /**
   * Judge all bins by the residual before iteration `iteration`.
   *
   * @param squares [lane] sum of squares of the residual
   * @param since   iterations since the last call
   */
  judge(iteration: number, squares: Float64Array, since = 1): void {
    const { discrepancy } = this.plan.config;
    // With sigma the noise says when: a slow method must not be taken for a finished one.
    const tolerance = this.noise ? 0 : this.plan.config.tolerance;
    for (let lane = 0; lane < LANES; lane++) {
      if (!this.isRunning(lane)) continue;
      const norm = Math.sqrt(squares[lane]!);
      this.iterations[lane] = iteration;
      this.residual[lane] = norm / Math.sqrt(this.measured[lane]!);
      if (this.noise && squares[lane]! <= discrepancy ** 2 * this.noise[lane]!) this.stopped[lane] = "discrepancy";
      // A residual that rises says that rounding, or the bound at 0, leaves nothing to gain.
      else if (norm > this.previous[lane]! * (1 - tolerance * since)) this.stopped[lane] = "tolerance";
      else if (iteration >= this.plan.iterations) this.stopped[lane] = "iterations";
      this.previous[lane] = norm;
    }
  }
}
