/** Which stages a correction of the absorption needs, and how a stage takes over what has settled. */
import { existsSync } from "node:fs";
import { InputError } from "../data/index.ts";
import { type Fingerprint, fingerprint } from "./fingerprint.ts";
import type { Scan, ScanConfig } from "./scan-config.ts";
import type { Stage } from "./stage.ts";

export interface PassPlan {
  readonly index: number;
  readonly reconstruct: boolean;
  readonly map: boolean;
  readonly isLast: boolean;
}

/** Corrections in their order, with what has to be done before each. */
export function absorbPasses({ absorb }: ScanConfig): PassPlan[] {
  if (!absorb) return [];
  const { from, passes, uniform, image } = absorb;
  const map = from === "phases";
  const reconstruct =
    map || (from === "uniform" && uniform?.mask === undefined) || (from === "image" && image?.register === "auto");
  const count = map ? passes : 1;
  return Array.from({ length: count }, (_, index) => ({ index, reconstruct, map, isLast: index === count - 1 }));
}

/**
 * What is wrong with the settings is said before anything is done.
 *
 * @throws InputError "absorb-not-tomography" | "absorb-needs-rietveld" | "absorb-order-method" |
 *   "absorb-order-parallax"
 */
export function checkAbsorb({ config, path }: Scan, isTomography: boolean): void {
  const { absorb, map, reconstruct, input } = config;
  if (!absorb) return;
  if (!isTomography) {
    throw new InputError(
      "absorb-not-tomography",
      `${path}: absorb corrects rays of a tomography, and input.kind ${input.kind} has none. Remove the absorb section.`,
    );
  }
  if (absorb.from === "phases" && !map?.rietveld) {
    throw new InputError(
      "absorb-needs-rietveld",
      `${path}: absorb.from is phases, which takes Rietveld scales of every voxel, and there is no map.rietveld. Add it, or set absorb.from to transmission, uniform or image.`,
    );
  }
  if (absorb.order === "exact" && reconstruct.parallax) {
    throw new InputError(
      "absorb-order-parallax",
      `${path}: absorb.order exact and reconstruct.parallax are two projectors, and one reconstruction has one. Set absorb.order to zero, or reconstruct.parallax to false; the notes of reconstruct say how large parallax is.`,
    );
  }
  if (absorb.order === "exact" && reconstruct.method !== "sirt" && reconstruct.method !== "cgls") {
    throw new InputError(
      "absorb-order-method",
      `${path}: absorb.order exact has the way out in the projector, which reconstruct.method ${reconstruct.method} does not use. Set reconstruct.method to sirt or cgls, or absorb.order to zero.`,
    );
  }
}

/** Files that an attenuation comes from; one that is missing is said when it is read. */
export function absorbFiles({ config: { absorb }, resolve }: Scan): Fingerprint[] {
  const files = [
    absorb?.from === "uniform" ? absorb.uniform?.mask : undefined,
    absorb?.from === "image" ? absorb.image?.file : undefined,
  ];
  return files
    .flatMap((file) => (file === undefined ? [] : [resolve(file)]))
    .filter((file) => existsSync(file))
    .map(fingerprint);
}

/** The stage, or what a pass before it left, where nothing has changed since. */
export function adopting<Meta>(
  stage: Stage<Meta>,
  adopted: () => Meta | undefined,
  pass: number | undefined,
): Stage<Meta> {
  return {
    ...stage,
    async plan(device) {
      const meta = adopted();
      if (meta === undefined) return stage.plan(device);
      return {
        task: "absorb",
        payload: undefined,
        blocks: 0,
        bytesPerThread: 1,
        checksums: () => [],
        finish: () => ({ meta, notes: [`as ${stage.name}-${pass}: the sinograms have not changed since`] }),
      };
    },
  };
}
