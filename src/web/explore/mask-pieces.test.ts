import { describe, expect, it } from "vitest";
import { voxelsOf } from "../../data/region.ts";
import { joinMasks, type MaskPiece, piecesOf, pieceText, runsOf, shapesToSave } from "./mask-pieces.ts";

it("pieces add and cut out in their order", () => {
  const parts = [{ mask: [1, 1, 1, 0] }, { mask: [0, 1, 1, 0], isHole: true }, { mask: [0, 0, 1, 1] }];
  expect([...joinMasks(parts, 4)]).toEqual([1, 0, 1, 1]);
  expect([...joinMasks([{ mask: [1, 1], isHole: true }], 2)]).toEqual([0, 0]);
});

describe("runs of voxels", () => {
  it.each([
    [
      [0, 1, 1, 0, 0, 1],
      [1, 2, 5, 1],
    ],
    [
      [1, 1, 1],
      [0, 3],
    ],
    [[0, 0], []],
    [
      [1, 0, 1, 1],
      [0, 1, 2, 2],
    ],
  ])("of %j are %j, and are those voxels on the server", (mask, runs) => {
    expect(runsOf(mask)).toEqual(runs);
    expect([...voxelsOf({ kind: "voxels", runs }, 1, mask.length)]).toEqual(mask);
  });
});

const box = { kind: "rectangle", from: [0, 0], to: [1, 1] } as const;

it("shapes are saved as they were drawn, ranges and masks as their voxels", () => {
  const pieces: MaskPiece[] = [
    { kind: "shape", shape: box },
    { kind: "range", map: "map/A/a", range: [1, 2], isHole: true },
  ];
  const saved = shapesToSave(pieces, [{ mask: [1, 0] }, { mask: [0, 1] }]);
  expect(saved).toEqual([{ region: box }, { region: { kind: "voxels", runs: [1, 1] }, isHole: true }]);
  expect(piecesOf("b", saved)).toEqual([{ kind: "saved", name: "b" }]);
  expect(piecesOf("b", saved.slice(0, 1))).toEqual([{ kind: "shape", shape: box }]);
});

it("pieces say what they are, with units", () => {
  const range: MaskPiece = { kind: "range", map: "map/A/c", range: [14.25, 14.5] };
  expect(pieceText(range, () => "Å")).toBe("map/A/c from 14.25 to 14.5 Å, converged");
});
