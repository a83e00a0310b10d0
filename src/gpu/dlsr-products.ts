import type { ParcelProducts, Parcels, RayFrame, WeightedParcels } from "../projector/index.ts";
import { FORWARD, GROUP, gatherProgram, LOOK_UP, STENCIL_PRODUCTS } from "./dlsr-programs.ts";
import { type ExactPositions, exactPositions } from "./exact-positions.ts";
import { type Gpu, type GpuJob, MOST_GROUPS } from "./gpu.ts";
import { type Part, partsOf } from "./parts.ts";
import { type PlaceGrid, placeGrid } from "./place-grid.ts";

/**
 * The long products of DLSR on a GPU; they throw InputError "gpu-failed".
 *
 * Rays go through the device in ranges of angles, voxels and table in ranges that its bindings hold. Everything is sent
 * anew with every product: against the products themselves that is little, and nothing on the device can be out of date.
 */
export function createGpuDlsr(gpu: Gpu): ParcelProducts {
  const grids = new WeakMap<Float32Array, PlaceGrid | null>();
  const gridOf = ({ places, voxels }: Parcels): PlaceGrid | null => {
    if (!grids.has(places)) grids.set(places, placeGrid(places, voxels));
    return grids.get(places)!;
  };
  return {
    holds: (parcels) => gridOf(parcels) !== null,
    forward: (frame, parcels, rays) =>
      gpu.work(async (job) => {
        const turns = turnsOf(gpu, frame);
        const outputs = turns.map((turn) => job.zeros(rowsOf(rays, frame, turn).length));
        for (const one of parcels.filter(({ voxels }) => voxels > 0)) {
          forwardParcels(job, gpu, frame, one, gridOf(one)!, (start) => {
            turns.forEach((turn, i) => start(turn, outputs[i]!));
          });
        }
        for (const [i, turn] of turns.entries()) await job.read(outputs[i]!, rowsOf(rays, frame, turn));
      }),
    adjoint: (frame, parcels, rays, out) =>
      gpu.work(async (job) => {
        if (parcels.voxels === 0) return;
        const turns = turnsOf(gpu, frame);
        const inputs = turns.map((turn) => job.upload(rowsOf(rays, frame, turn)));
        await adjointParcels(job, gpu, frame, parcels, out, (start) => {
          turns.forEach((turn, i) => start(turn, inputs[i]!));
        });
      }),
  };
}

const turnsOf = ({ bindingBytes }: Gpu, { angles, translations, terms }: RayFrame): readonly Part[] =>
  partsOf(angles, Math.min(MOST_GROUPS, bindingBytes / (4 * translations * terms)));

const rowsOf = (rays: Float32Array, { translations, terms }: RayFrame, { first, end }: Part): Float32Array =>
  rays.subarray(first * translations * terms, end * translations * terms);

/** Voxels at a time: their patterns, 4 depths x K bytes each, in one binding. */
const voxelParts = ({ bindingBytes }: Gpu, { depths, terms }: RayFrame, { voxels, stencil }: Parcels) =>
  partsOf(voxels, Math.min(MOST_GROUPS, bindingBytes / (4 * Math.max(depths * terms, stencil))));

type ForTurns = (start: (turn: Part, rays: GPUBuffer) => void) => void;

function forwardParcels(
  job: GpuJob,
  gpu: Gpu,
  frame: RayFrame,
  parcels: WeightedParcels,
  grid: PlaceGrid,
  forTurns: ForTurns,
): void {
  const { translations, terms, depths, depthScale, depthOrigin } = frame;
  const { stencil, weights } = parcels;
  const positions = positionsOf(frame, parcels);
  const directions = job.upload(positions.directions);
  const table = tableOf(job, gpu, frame, parcels);
  for (const voxels of voxelParts(gpu, frame, parcels)) {
    const count = voxels.end - voxels.first;
    const patterns = job.zeros(count * depths * terms);
    const nodes = job.upload(parcels.nodes.subarray(voxels.first, voxels.end));
    const weighed = job.upload(weights.subarray(voxels.first * stencil, voxels.end * stencil));
    for (const part of table.partsFor(voxels)) {
      const ints = [count, stencil, part.first, part.end, table.length];
      const buffers = [nodes, table.offsets, weighed, table.buffer(part), patterns];
      job.start(LOOK_UP, buffers, { ints, floats: [] }, [Math.ceil(table.length / GROUP), count]);
    }
    const { line, lineEnd } = grid.linesOf(voxels.first, voxels.end);
    const index = job.upload(grid.index.subarray(line * grid.columns, lineEnd * grid.columns));
    forTurns((turn, rays) => {
      const ints = [translations, terms / 4, depths, voxels.first, voxels.end, grid.columns, line, lineEnd, turn.first];
      // a vec2f begins at a multiple of eight bytes
      ints.push(0);
      const floats = [...positions.axis, grid.left, grid.low, depthScale, depthOrigin];
      const groups = [Math.ceil((translations * terms) / 4 / GROUP), turn.end - turn.first] as const;
      job.start(FORWARD, [directions, index, patterns, rays], { ints, floats }, groups);
    });
  }
}

async function adjointParcels(
  job: GpuJob,
  gpu: Gpu,
  frame: RayFrame,
  parcels: Parcels,
  out: Float32Array,
  forTurns: ForTurns,
): Promise<void> {
  const { translations, terms, depths, depthScale, depthOrigin } = frame;
  const { stencil } = parcels;
  const positions = positionsOf(frame, parcels);
  const directions = job.upload(positions.directions);
  const table = tableOf(job, gpu, frame, parcels);
  for (const voxels of voxelParts(gpu, frame, parcels)) {
    const count = voxels.end - voxels.first;
    const gathered = job.zeros(count * depths * terms);
    const places = job.upload(parcels.places.subarray(2 * voxels.first, 2 * voxels.end));
    forTurns((turn, rays) => {
      const ints = [count, translations, terms / 4, turn.first, turn.end - turn.first, 0];
      const floats = [...positions.axis, depthScale, depthOrigin];
      const groups = [Math.ceil(terms / 32), Math.ceil(count / 8)] as const;
      job.start(gatherProgram(depths), [directions, places, rays, gathered], { ints, floats }, groups);
    });
    const nodes = job.upload(parcels.nodes.subarray(voxels.first, voxels.end));
    const products = job.zeros(count * stencil);
    for (const part of table.partsFor(voxels)) {
      const ints = [count, stencil, part.first, part.end, table.length];
      const buffers = [nodes, table.offsets, gathered, table.buffer(part), products];
      job.start(STENCIL_PRODUCTS, buffers, { ints, floats: [] }, [Math.ceil(stencil / 4), Math.ceil(count / 16)]);
    }
    await job.read(products, out.subarray(voxels.first * stencil, voxels.end * stencil));
  }
}

function positionsOf({ directions, rotationAxis }: RayFrame, { places, voxels }: Parcels): ExactPositions {
  let reach = 0;
  for (let i = 0; i < 2 * voxels; i++) reach = Math.max(reach, Math.abs(places[i]!));
  return exactPositions(directions, rotationAxis, reach);
}

/** The table in parts that bindings hold; sent when they are first asked for. */
function tableOf(job: GpuJob, gpu: Gpu, { depths, terms }: RayFrame, { table, nodes, offsets }: Parcels) {
  const size = depths * terms;
  const parts = partsOf(Math.floor(table.length / size), gpu.bindingBytes / (4 * size));
  const sent = new Map<Part, GPUBuffer>();
  const [lowest, highest] = rangeOf(offsets);
  return {
    /** vec4f of one node */
    length: size / 4,
    offsets: job.upload(offsets),
    partsFor({ first, end }: Part): Part[] {
      const [from, to] = rangeOf(nodes.subarray(first, end));
      return parts.filter((part) => part.first <= to + highest && part.end > from + lowest);
    },
    buffer(part: Part): GPUBuffer {
      const buffer = sent.get(part) ?? job.upload(table.subarray(part.first * size, part.end * size));
      sent.set(part, buffer);
      return buffer;
    },
  };
}

function rangeOf(values: Int32Array): [lowest: number, highest: number] {
  let [lowest, highest] = [values[0]!, values[0]!];
  for (const value of values) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return [lowest, highest];
}
