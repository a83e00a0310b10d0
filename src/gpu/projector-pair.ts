import type { Footprint, ProjectorGeometry } from "../projector/index.ts";
import { exactPositions } from "./exact-positions.ts";
import { type Gpu, type GpuJob, MOST_GROUPS } from "./gpu.ts";
import { type Part, partsOf } from "./parts.ts";
import { BACKPROJECT, PROJECT } from "./projector-programs.ts";

const LANES = 16;

/** The projector pair on a GPU: exact transposes, over packed stacks of 16 bins as in projector/project.ts. */
export interface GpuProjectorPair {
  /**
   * rows = A image.
   *
   * @param image [y, x, 16]
   * @param rows  [angle, rowLength, 16], written, pads and all
   * @throws InputError "gpu-failed"
   */
  project(image: Float32Array, rows: Float32Array): Promise<void>;
  /** image = A^T rows; 0 outside the geometry's spans. @throws InputError "gpu-failed" */
  backproject(rows: Float32Array, image: Float32Array): Promise<void>;
}

/**
 * Image and rows go through the device in lines of the grid and angles, as many as its bindings hold. What comes out is
 * the WebAssembly pair's up to rounding (docs/validation/gpu.md gives the bound), the same bits each time on one device.
 *
 * @throws InputError "gpu-failed" by the pair's functions: device lost, out of memory
 */
export function createGpuProjectorPair(
  gpu: Gpu,
  geometry: ProjectorGeometry,
  footprint: Footprint = "joseph",
): GpuProjectorPair {
  const { size, rowLength, angles, rotationAxis, pad, spans } = geometry;
  const centre = (size - 1) / 2;
  const positions = exactPositions(geometry.directions, rotationAxis + pad, centre, (c, s) =>
    footprint === "joseph" ? Math.max(Math.abs(c), Math.abs(s)) : 1,
  );
  const lineFloats = size * LANES;
  const rowFloats = rowLength * LANES;
  const strips = partsOf(size, gpu.bindingBytes / (4 * lineFloats));
  const turns = partsOf(angles, Math.min(MOST_GROUPS, gpu.bindingBytes / (4 * rowFloats)));
  const linesOf = (image: Float32Array, { first, end }: Part) => image.subarray(first * lineFloats, end * lineFloats);
  const rowsOf = (rows: Float32Array, { first, end }: Part) => rows.subarray(first * rowFloats, end * rowFloats);
  const parametersOf = (strip: Part, turn: Part) => ({
    ints: [size, rowLength, strip.first, strip.end, turn.first, turn.end - turn.first],
    floats: [...positions.axis, centre],
  });
  const tablesOf = (job: GpuJob) => [job.upload(positions.directions), job.upload(spans)];
  return {
    project: (image, rows) =>
      gpu.work(async (job) => {
        const tables = tablesOf(job);
        for (const turn of turns) {
          const part = rowsOf(rows, turn);
          const output = job.zeros(part.length);
          for (const strip of strips) {
            const buffers = [...tables, job.upload(linesOf(image, strip)), output];
            const groups = [1, Math.ceil(rowLength / 16), turn.end - turn.first] as const;
            job.start(PROJECT, buffers, parametersOf(strip, turn), groups);
          }
          await job.read(output, part);
        }
      }),
    backproject: (rows, image) =>
      gpu.work(async (job) => {
        const tables = tablesOf(job);
        for (const strip of strips) {
          const part = linesOf(image, strip);
          const output = job.zeros(part.length);
          for (const turn of turns) {
            const buffers = [...tables, job.upload(rowsOf(rows, turn)), output];
            const groups = [1, Math.ceil(size / 8), Math.ceil((strip.end - strip.first) / 8)] as const;
            job.start(BACKPROJECT, buffers, parametersOf(strip, turn), groups);
          }
          await job.read(output, part);
        }
      }),
  };
}
