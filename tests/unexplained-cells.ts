/** The demo's cell with phases that its mean pattern hides: the truth that `xrdct unexplained` is held against. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { readText } from "../src/files/byte-source.ts";
import { simulateScan } from "../src/pipeline/simulate-scan.ts";
import type { ModelConfigInput } from "../src/refinement/index.ts";
import { presetConfig, SimulateConfig, type SimulateInput } from "../src/stages/simulate/index.ts";

/** Of the preset's roll, mm: its inside, one winding, and the middles of the two coatings of the cathode in a winding. */
const [INSIDE, WINDING, COATINGS] = [0.4, 1.035, [0.0975, 0.3375]] as const;

/** Discs in the cathode, one after the other along the roll. */
function spots(material: string, count: number, radiusMm: number, first = 0.13, step = 0.617) {
  return Array.from({ length: count }, (_, i) => {
    const turns = (first + step * i) % 1.9;
    const r = INSIDE + WINDING * turns + COATINGS[i % 2]!;
    const angle = 2 * Math.PI * turns;
    const centreMm: [number, number] = [r * Math.cos(angle), r * Math.sin(angle)];
    return { kind: "disc" as const, material, centreMm, radiusMm };
  }).filter(({ centreMm: [x, y] }) => Math.hypot(x, y) < 2.3);
}

export type HiddenCell = "inactive-cathode" | "grains";

/** inactive-cathode: NMC532 that was never charged; grains: spinel and nickel. */
export function hiddenCell(kind: HiddenCell, size = 61): SimulateInput {
  const demo = presetConfig("demo", size);
  const { phases, materials, shapes } =
    kind === "inactive-cathode"
      ? {
          phases: { inactive: { structure: "NMC532", a: 2.868, c: 14.24, widthFactor: 1.1 } },
          materials: { hot: { NMC532: 0.4, inactive: 0.25 } },
          shapes: spots("hot", 16, 0.1),
        }
      : {
          phases: { LMO: { widthFactor: 1.1 }, Ni: {} },
          materials: { blend: { NMC532: 0.45, LMO: 0.2 }, flake: { NMC532: 0.5, Ni: 0.15 } },
          shapes: [...spots("blend", 10, 0.1), ...spots("flake", 7, 0.09, 0.41)],
        };
  return {
    ...demo,
    phases: { ...demo.phases, ...phases },
    materials: { ...demo.materials, ...materials },
    shapes: [...demo.shapes!, ...shapes],
  };
}

const PHASES = ["NMC532", "Cu", "Al", "Fe", "graphite", "LiC12"];
/** What a person would write who knows of no more phases; as in `xrdct demo`. */
const MODEL: ModelConfigInput = {
  title: "simulated Li-ion cell",
  profile: { shape: "tchz", U: 0.0504, W: 4.01e-4, X: 0.0042, Y: 0.02 },
  background: 8,
  zero: 0,
  findCells: true,
  anomalous: false,
  peaks: [
    { name: "separator", position: 1.67, fwhm: 0.12, eta: 0.5 },
    { name: "electrolyte", position: 1.5, fwhm: { value: 0.8, max: 2 }, eta: 0 },
  ],
  phases: PHASES.map((structure) => ({ structure, gaussianStrain: { value: 0.003, refine: true } })),
};

/** Simulates into a folder, with a model that knows nothing of what is hidden. @returns the scan.yaml and the truth */
export async function simulateHiddenCell(folder: string, config: SimulateInput, workers = 2) {
  mkdirSync(folder, { recursive: true });
  const { scanPath, truthPath } = await simulateScan(SimulateConfig.parse(config), {
    folder,
    output: "patterns",
    workers,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  const scan = parse(readText(scanPath)) as Record<string, unknown>;
  const map = { rietveld: { model: "model.yaml" } };
  writeFileSync(join(folder, "model.yaml"), stringify(MODEL));
  writeFileSync(scanPath, stringify({ ...scan, sampleThreshold: 0.015, reconstruct: { method: "fbp" }, map }));
  return { scanPath, truthPath };
}
