import * as z from "zod";

const Point = z.tuple([z.number(), z.number()]);
const Corners = { from: Point, to: Point };

/** Region of wire.ts, as a page sends it. */
export const Region = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("voxel"), y: z.int(), x: z.int() }),
  z.object({ kind: z.literal("rectangle"), ...Corners }),
  z.object({ kind: z.literal("ellipse"), ...Corners }),
  z.object({ kind: z.literal("polygon"), points: z.array(Point).max(10_000) }),
  z.object({ kind: z.literal("voxels"), runs: z.array(z.int().min(0)).max(1_000_000) }),
  z.object({ kind: z.literal("mask"), name: z.string() }),
]);
