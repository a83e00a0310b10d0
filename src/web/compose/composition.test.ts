import { describe, expect, it } from "vitest";
import { composedFigure } from "../../stages/figure/index.ts";
import {
  type Composition,
  composeFigure,
  cutTo,
  DEFAULTS,
  drawnValues,
  groupOf,
  type Loaded,
  type LoadedImage,
  labelOf,
  type MapSpec,
  parseComposition,
  sane,
} from "./composition.ts";

const image = (name: string, values: readonly number[], more: Partial<LoadedImage> = {}): LoadedImage => ({
  name,
  title: name,
  unit: "Å",
  rows: 2,
  cols: values.length / 2,
  values,
  voxelMm: 0.1,
  ...more,
});
const map = (name: string, values: readonly number[], spec: Partial<MapSpec> = {}): Loaded => ({
  spec: { kind: "map", name, ...spec },
  image: image(name, values),
});
const all: Composition = { ...DEFAULTS, fits: "all" };
const scales = (loaded: readonly Loaded[], composition = all) =>
  composeFigure(composition, loaded).panels.map((panel) => (panel.kind === "map" ? panel.scale.limits : undefined));
const wide = { percentiles: [0, 100] as const };

describe("values that are drawn", () => {
  const lattice = { name: "map/Cu/a", values: [1, 2, 3, 4], status: [0, 1, 3, 0], amount: [100, 100, 100, 4] };
  it("leave out fits that failed, and cells of a phase that a voxel hardly has", () => {
    expect([...drawnValues(lattice, "all")]).toEqual([1, 2, 3, 4]);
    expect([...drawnValues(lattice, "converged")]).toEqual([1, Number.NaN, Number.NaN, 4]);
    // 5 % of 100 is more than 4
    expect([...drawnValues(lattice, "strong")]).toEqual([1, Number.NaN, Number.NaN, Number.NaN]);
  });
  it("give weight fractions in per cent, and keep those without signal or at a bound", () => {
    const share = { name: "map/Cu/weight_fraction", values: [0.5, 0, 1, 0.25], status: [0, 2, 3, 4] };
    expect([...drawnValues(share, "strong")]).toEqual([50, 0, 100, Number.NaN]);
    expect(labelOf({ name: share.name, unit: "" })).toBe("weight fraction (wt%)");
    expect(labelOf({ name: "map/Cu/a", unit: "Å" })).toBe("a (Å)");
  });
});

describe("colour scales", () => {
  it("are one for one quantity, over the values of all its maps, and another for another phase's cell", () => {
    const [one, two, other] = [
      map("map/Cu/a", [1, 2, 3, 4], wide),
      map("dlsr/Cu/a", [0, 5, 6, 9]),
      map("map/Fe/a", [7, 8, 9, 10], wide),
    ];
    expect(scales([one, two, other])).toEqual([
      [0, 9],
      [0, 9],
      [7, 10],
    ]);
    expect(groupOf({ kind: "map", name: "map/A/weight_fraction" }, 0)).toBe(
      groupOf({ kind: "map", name: "map/B/weight_fraction" }, 1),
    );
  });
  it("are a map's own, or a chosen group's, or as typed, or symmetric", () => {
    const values = [-1, 0, 1, 4];
    const own = map("map/Cu/a", values, { ...wide, group: "own" });
    const typed = map("map/Cu/a", [0, 0, 0, 9], { limits: [2, 3] });
    const both = map("map/Fe/b", values, { ...wide, group: "B", isSymmetric: true });
    expect(scales([own, typed, both, map("map/Al/c", [0, 8, 1, 1], { group: "B" })])).toEqual([
      [-1, 4],
      [2, 3],
      [-8, 8],
      [-8, 8],
    ]);
  });
});

describe("the part that is shown", () => {
  const first = { rows: 4, cols: 4 };
  const values = Float64Array.from({ length: 16 }, (_, i) => i);
  it("is rows and columns of the array", () => {
    expect(cutTo({ ...first, values }, [1, 2, 3, 4], first)).toEqual({
      rows: 2,
      cols: 2,
      values: Float64Array.of(9, 10, 13, 14),
    });
  });
  it("is the same share of a finer map", () => {
    const fine = { rows: 8, cols: 8, values: Float64Array.from({ length: 64 }, (_, i) => i) };
    const cut = cutTo(fine, [1, 2, 3, 4], first);
    expect([cut.rows, cut.cols, cut.values[0], cut.values.at(-1)]).toEqual([4, 4, 4 * 8 + 2, 7 * 8 + 5]);
  });
});

describe("the figure", () => {
  const loaded = [map("map/Cu/a", [1, 2, 3, 4], wide), map("map/Cu/c", [5, 6, 7, 8], { ...wide, title: "C < D" })];
  const svg = (change: Partial<Composition>): string =>
    composedFigure(composeFigure({ ...all, columns: 2, ...change }, loaded));
  it("has the width that is asked for, and text of the size that is asked for", () => {
    const [, width, units] = /width="([\d.]+)mm".*?viewBox="0 0 ([\d.]+) /.exec(svg({ widthMm: 85, fontPt: 6 }))!;
    expect(Number(width)).toBeCloseTo(85, 2);
    // text of 12 units is 6 pt, 6 / 72 inch, high
    expect((12 * Number(width)) / Number(units)).toBeCloseTo((6 / 72) * 25.4, 3);
  });
  it("has letters, titles, one bar a map or one a group, and scale bars as asked for", () => {
    expect(svg({})).toMatch(/font-weight="700">a<.*font-weight="700">b</);
    expect(svg({ letters: "upper" })).toMatch(/font-weight="700">B</);
    expect(svg({ letters: "none" })).not.toContain('font-weight="700"');
    expect(svg({})).toContain("C &lt; D");
    expect(svg({}).match(/µm</g)).toHaveLength(1);
    expect(svg({ scaleBars: "each" }).match(/µm</g)).toHaveLength(2);
    expect(svg({ colourBars: "shared" })).toContain(">b: c (Å)<");
    expect(svg({ colourBars: "none" })).not.toContain("(Å)");
    expect(svg({ background: "transparent" })).not.toContain('fill="white"');
  });
  it("gives a panel as many columns as it asks for, and begins a row where it does not fit", () => {
    const places = (spans: readonly number[]): string[] => {
      const panels = spans.map((span, i) => map(`map/Cu/${"abc"[i]}`, [1, 2, 3, 4], { ...wide, span }));
      const drawn = composedFigure(composeFigure({ ...all, columns: 2 }, panels));
      return [...drawn.matchAll(/translate\(([\d.]+),([\d.]+)\)" data-cell/g)].map(([, x, y]) => `${x},${y}`);
    };
    const [[a, b, c], [d, e, f]] = [places([1, 1, 1]), places([1, 2, 1])] as [string[], string[]];
    const column = (place: string | undefined): string => place!.split(",")[0]!;
    expect([d, column(e), column(f)]).toEqual([a, column(a), column(c)]);
    expect(column(b)).not.toBe(column(a));
    expect(new Set([d, e, f].map((place) => place!.split(",")[1])).size).toBe(3);
  });
  it("has a scale bar for each map where their scales differ", () => {
    const other = { ...loaded[1]!, image: image("map/Cu/c", [1, 2, 3, 4], { voxelMm: 0.2 }) } as Loaded;
    const drawn = composedFigure(composeFigure({ ...all, columns: 2 }, [loaded[0]!, other]));
    expect(drawn).toContain(">50 µm<");
    expect(drawn).toContain(">100 µm<");
  });
  it("says when its panels do not fit into its width", () => {
    expect(() => svg({ widthMm: 30, fontPt: 20 })).toThrow("too narrow");
  });
});

describe("a composition's file", () => {
  it("gives back what was written, and fills in what it does not say", () => {
    const composition: Composition = { ...DEFAULTS, letters: "upper", panels: [{ kind: "map", name: "map/Cu/a" }] };
    expect(parseComposition(JSON.stringify(composition), "f")).toEqual(composition);
    const short = parseComposition('{"panels":[{"kind":"rgb","names":["a","b"]}],"unknown":1}', "f");
    expect(short).toEqual({ ...DEFAULTS, panels: [{ kind: "rgb", names: ["a", "b"] }] });
  });
  it("keeps sizes printable, whatever a link says", () => {
    const { columns, widthMm, letters } = sane({ columns: 0, widthMm: 1e9, letters: 3, panels: [] });
    expect([columns, widthMm, letters]).toEqual([1, 1000, "lower"]);
  });
  it.each(["", "[]", "{}", '{"panels":[{"kind":"map"}]}', '{"panels":[{"kind":"map","name":"a","colourMap":"jet"}]}'])(
    "is refused by name where it is none: %s",
    (text) => {
      expect(() => parseComposition(text, "f.figure.json")).toThrow("f.figure.json is no composition");
    },
  );
});
