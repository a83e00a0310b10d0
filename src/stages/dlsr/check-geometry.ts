/** Whether a problem can be solved at all. */
import { InputError } from "../../data/index.ts";
import type { DlsrProblem } from "./types.ts";

/**
 * @throws InputError "dlsr-axis" the rotation axis is not in the scan | "dlsr-depth" voxels lie deeper than patterns are
 *   tabulated | "dlsr-no-signal" no phase is anywhere
 */
export function checkGeometry({ geometry, depth, phases }: DlsrProblem): void {
  const { rotationAxis, translations, stepMm, distanceMm } = geometry;
  if (!(rotationAxis >= 0 && rotationAxis <= translations - 1)) {
    throw new InputError(
      "dlsr-axis",
      `The rotation axis is at translation ${rotationAxis}, outside the scan, which has translations 0 to ${translations - 1}. ` +
        "Every voxel must be seen from two sides: give the right rotationAxis, or leave it out to have it found.",
    );
  }
  const reach = Math.min(-depth.first, depth.first + (depth.count - 1) * depth.step);
  for (const { name, voxels } of phases) {
    let farthest = 0;
    for (let v = 0; v < voxels.count; v++) {
      farthest = Math.max(farthest, Math.hypot(voxels.places[2 * v]!, voxels.places[2 * v + 1]!));
    }
    const tau = (farthest * stepMm) / distanceMm;
    if (tau > reach * (1 + 1e-6)) {
      throw new InputError(
        "dlsr-depth",
        `Voxels of ${name} lie up to ${(farthest * stepMm).toFixed(2)} mm from the rotation axis, ` +
          `but patterns are tabulated to depths of ${(reach * distanceMm).toFixed(2)} mm only. ` +
          "Check stepMm and distanceMm, or make the mask smaller.",
      );
    }
  }
  if (!phases.some(({ scale }) => scale.some((w) => w > 0))) {
    throw new InputError(
      "dlsr-no-signal",
      `No voxel of ${phases.length === 0 ? "any phase" : phases.map(({ name }) => name).join(", ")} has a scale above 0, so there is nothing to refine. ` +
        "Check the conventional scale maps and the mask.",
    );
  }
}
