import { mkdirSync } from "node:fs";
import { basename, extname } from "node:path";
import type { Command } from "commander";
import { guessRoles, InputError, type PhaseRoles } from "../data/index.ts";
import { withEsd } from "../data/with-esd.ts";
import { openResult } from "../files/result-reader.ts";
import { findPlaces, PlacesConfig } from "../pipeline/study/find-places.ts";
import { lithiumBetween } from "../pipeline/study/lithium-count.ts";
import { type CellLithium, lithiumOfCell, readStructures } from "../pipeline/study/lithium-of-cell.ts";
import { inventoryLines } from "../pipeline/study/lithium-tables.ts";
import { readSliceMaps } from "../pipeline/study/read-slice-maps.ts";
import { writeLithium } from "../pipeline/study/write-lithium.ts";
import { esdOf, LithiumConfig } from "../stages/lithium/index.ts";
import { type CommonOptions, createCommand, execute, finiteNumber, parseOptions, positiveNumber } from "./command.ts";
import { type OutputOptions, outputOf, withOutput } from "./command-output.ts";

const EXAMPLE = `npx xrdct lithium cell.nxs -o lithium
npx xrdct lithium cell.nxs --places --cathode-mass-g 2.1 --capacity-mah 320 --capacity-esd-mah 3 -o lithium
npx xrdct lithium cell.nxs --table nmc532.csv --reference-state 1,2.870,14.25 -o lithium`;

interface Options extends CommonOptions, OutputOptions {
  readonly places?: true;
  readonly cathode?: string;
  readonly anode?: string;
  readonly referenceState?: readonly string[];
  readonly table?: string;
  readonly lattice?: string;
  readonly discharged?: string;
  readonly betweenMah?: number;
  readonly betweenEsdMah?: number;
}

const several = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

export const lithiumCommand = (): Command =>
  createCommand(
    "lithium",
    "lithium in both electrodes: maps, profiles, inventory, against the cycler",
    EXAMPLE,
    withOutput("lithium"),
  )
    .argument("<result>", "result file of xrdct run, with a Rietveld map")
    .option("--places", "by region, layer, depth and length as well")
    .option("--cathode <phases>", "phases of the cathode, separated by commas; left out: by their names")
    .option("--anode <phases>", "phases of the anode; left out: by their names")
    .option(
      "--table <name>",
      "a and c over lithium: NMC811, NMC532, or a .csv or .yaml file; left out: by the composition",
    )
    .option("--lattice <how>", "auto, cell or ratio (c/a alone)")
    .option("--scale-esd <relative>", "uncertainty that a and c share", finiteNumber("--scale-esd"))
    .option("--table-x-esd <x>", "uncertainty of the table's x", finiteNumber("--table-x-esd"))
    .option("--reference-state <x,a,c>", "a state whose lithium is known; may be given several times", several)
    .option("--near-mm <mm>", "what is near the casing, the core, a tab", positiveNumber("--near-mm"))
    .option("--cathode-mass-g <g>", "active oxide in the cell", positiveNumber("--cathode-mass-g"))
    .option("--cathode-mass-esd-g <g>", "its uncertainty", finiteNumber("--cathode-mass-esd-g"))
    .option("--cathode-loading-mg-cm2 <mg/cm2>", "of one coating", positiveNumber("--cathode-loading-mg-cm2"))
    .option("--electrode-area-cm2 <cm2>", "of all coatings of the cathode", positiveNumber("--electrode-area-cm2"))
    .option("--electrode-height-mm <mm>", "of the roll", positiveNumber("--electrode-height-mm"))
    .option("--standard <phase[,thickness,length]>", "dense phase that gives absolute amounts; mm of a foil")
    .option("--capacity-mah <mAh>", "net charge since --start-x, positive when charged", finiteNumber("--capacity-mah"))
    .option("--capacity-esd-mah <mAh>", "its uncertainty", finiteNumber("--capacity-esd-mah"))
    .option("--discharged <result>", "a like cell that holds less charge, whose lithium is taken off")
    .option("--between-mah <mAh>", "charge between the two", finiteNumber("--between-mah"))
    .option("--between-esd-mah <mAh>", "its uncertainty", finiteNumber("--between-esd-mah"))
    .option(
      "--start-x <x>",
      "lithium of the cathode where the charge is counted from: 1 as assembled",
      finiteNumber("--start-x"),
    )
    .option(
      "--inactive-share <share>",
      "of the oxide: what takes no part and has no phase in the model, 0 to 0.9",
      finiteNumber("--inactive-share"),
    )
    .option("--inactive-share-esd <share>", "its uncertainty", finiteNumber("--inactive-share-esd"))
    .option("--inactive-x <x>", "its lithium; left out: that of --start-x", finiteNumber("--inactive-x"))
    .option("--inactive-x-esd <x>", "its uncertainty", finiteNumber("--inactive-x-esd"))
    .option("--unseen-share-esd <share>", "uncertainty of what nobody saw of it", finiteNumber("--unseen-share-esd"))
    .option("--start-anode-x <x>", "x in LixC6 there; 0", finiteNumber("--start-anode-x"))
    .action((path: string, options: Options) =>
      execute(options, async () => {
        const config = configOf(options);
        const { folder, formats } = outputOf(options);
        const found = await lithiumOfFile(path, options, config);
        const other = options.discharged && (await lithiumOfFile(options.discharged, options, config));
        const between = other ? lithiumBetween(found, other, chargeBetween(options)) : [];
        const whole = { ...found, closings: [...found.closings, ...between] };
        mkdirSync(folder, { recursive: true });
        const inputs = [path, ...(options.discharged ? [options.discharged] : [])];
        const written = await writeLithium(whole, { folder, formats, inputs, config });
        return { json: jsonOf(whole, written), lines: [...linesOf(whole), ...written] };
      }),
    );

async function lithiumOfFile(path: string, options: Options, config: LithiumConfig): Promise<CellLithium> {
  const result = await openResult(path);
  try {
    const cell = readSliceMaps(result, basename(path, extname(path)));
    const structures = readStructures(result);
    const roles = rolesOf(options, [...phasesOf(cell.maps.keys())]);
    const places = options.places ? findPlaces(cell, roles, PlacesConfig.parse({})) : undefined;
    return lithiumOfCell({ cell, structures, roles, places, config });
  } finally {
    result.close();
  }
}

function chargeBetween({ betweenMah, betweenEsdMah }: Options) {
  return betweenMah === undefined ? undefined : { value: betweenMah / 1000, esd: (betweenEsdMah ?? 0) / 1000 };
}

function configOf(options: Options): LithiumConfig {
  const { referenceState = [], ...rest } = options as Options & Record<string, unknown>;
  const standard = (rest as { standard?: string }).standard;
  const known = Object.keys(LithiumConfig.shape).filter((key) => key !== "referenceStates" && key !== "standard");
  const values = Object.fromEntries(known.map((key) => [key, (rest as Record<string, unknown>)[key]]));
  return parseOptions(LithiumConfig, {
    ...values,
    referenceStates: referenceState.map(stateOf),
    ...(standard !== undefined && { standard: standardOf(standard) }),
  });
}

function stateOf(text: string): { x: number; a: number; c: number; xEsd?: number } {
  const [x, a, c, xEsd, ...more] = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if ([x, a, c, xEsd ?? 0].every((value) => Number.isFinite(value)) && more.length === 0) {
    return { x: x!, a: a!, c: c!, ...(xEsd !== undefined && { xEsd }) };
  }
  throw new InputError(
    "bad-option",
    `--reference-state needs x, a and c (Å), and the uncertainty of x if it is known, as in 1,2.870,14.25,0.01; "${text}" was given.`,
  );
}

function standardOf(text: string): { phase: string; thicknessMm?: number; lengthMm?: number } {
  const [phase, ...sizes] = text.split(",");
  const [thicknessMm, lengthMm] = sizes.map(Number);
  if (phase && (sizes.length === 0 || (sizes.length === 2 && thicknessMm! > 0 && lengthMm! > 0))) {
    return { phase, ...(sizes.length === 2 && { thicknessMm: thicknessMm!, lengthMm: lengthMm! }) };
  }
  throw new InputError(
    "bad-option",
    `--standard needs a phase, or a foil with its thickness and length in mm, as in Fe or Al,0.015,420; "${text}" was given.`,
  );
}

function phasesOf(names: Iterable<string>): Set<string> {
  const phases = [...names]
    .filter((name) => /\/(scale|weight_fraction|a)$/.test(name))
    .map((name) => name.split("/")[0]!);
  return new Set(phases);
}

function rolesOf({ cathode, anode }: Options, phases: readonly string[]): PhaseRoles {
  const given = (flag: string, text: string | undefined): string[] | undefined => {
    const names = text?.split(",").map((name) => name.trim());
    const missing = names?.find((name) => !phases.includes(name));
    if (missing === undefined) return names;
    throw new InputError("bad-option", `${flag}: "${missing}" has no maps in the result. It has ${phases.join(", ")}.`);
  };
  const guessed = guessRoles(phases);
  return {
    ...guessed,
    cathode: given("--cathode", cathode) ?? guessed.cathode,
    anode: given("--anode", anode) ?? guessed.anode,
  };
}

function linesOf(found: CellLithium): string[] {
  return [
    ...found.rows
      .filter(({ kind }) => kind === "all" || kind === "place")
      .map(
        ({ electrode, where, x, esd, total }) =>
          `${electrode.padEnd(12)} ${where.padEnd(18)} x = ${withEsd(x, esd)}, ± ${total.toFixed(3)} with what all voxels share`,
      ),
    ...inventoryLines(found)
      .slice(2)
      .map(({ quantity, value, esd, unit }) => `${quantity.padEnd(50)} ${withEsd(value, esd)} ${unit}`),
    ...found.closings.map(({ what, words }) => `${what}: ${words}`),
    ...found.inactive.map(
      ({ electrode, how, share, esd }) => `${electrode}: ${how}: ${withEsd(100 * share, 100 * esd)} %`,
    ),
    ...found.notes.map((note) => `note: ${note}`),
  ];
}

function jsonOf(found: CellLithium, written: readonly string[]): object {
  return {
    rows: found.rows,
    inventory: inventoryLines(found),
    closings: found.closings.map(({ what, unit, left, right, residual, z, words }) => ({
      what,
      unit,
      left: left.value,
      leftEsd: esdOf(left),
      right: right.value,
      rightEsd: esdOf(right),
      residual: residual.value,
      residualEsd: esdOf(residual),
      z,
      words,
    })),
    inactive: found.inactive,
    systematics: found.systematics,
    notes: found.notes,
    written,
  };
}
