/** The schemas for editors, held against Ajv, which shares nothing with the zod that checks settings when a run starts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import type * as z from "zod";
import { ModelConfig } from "../refinement/index.ts";
import { presetConfig, SimulateConfig } from "../stages/simulate/index.ts";
import { ScanConfig } from "./scan-config.ts";
import { SETTINGS_NAMES, type SettingsName, settingsSchema } from "./settings-schema.ts";

const root = join(import.meta.dirname, "../..");
const ajv = new Ajv({ allErrors: false, validateFormats: false, strictTypes: false, strictTuples: false });
const validators = Object.fromEntries(
  SETTINGS_NAMES.map((name) => [name, ajv.compile(settingsSchema(name))]),
) as Record<SettingsName, ValidateFunction>;
const CONFIGS = { scan: ScanConfig, model: ModelConfig, simulate: SimulateConfig } as const;

interface Example {
  readonly name: string;
  readonly kind: keyof typeof CONFIGS;
  readonly value: unknown;
}
const examples: readonly Example[] = [
  ...readdirSync(join(root, "examples"))
    .filter((name) => name.endsWith(".yaml"))
    .map((name): Example => {
      const value: unknown = parse(readFileSync(join(root, "examples", name), "utf8"));
      return { name, kind: name.startsWith("refine-") ? "model" : "scan", value };
    }),
  { name: "preset demo", kind: "simulate", value: parse(stringify(presetConfig("demo", 21))) },
];

it.each(SETTINGS_NAMES)("docs/schema/%s.schema.json is the program's own (npm run docs writes it)", (name) => {
  const text = readFileSync(join(root, "docs/schema", `${name}.schema.json`), "utf8");
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(settingsSchema(name))));
});

it("says units, defaults and choices where an editor shows them", () => {
  const { properties } = settingsSchema("scan") as { properties: Record<string, Record<string, unknown>> };
  expect(properties["stepMm"]).toMatchObject({ type: "number", description: expect.stringMatching(/\(mm\)$/) });
  expect(properties["sampleThreshold"]).toMatchObject({ default: 0.01, minimum: 0, maximum: 1 });
  const integrate = properties["integrate"] as { properties: Record<string, Record<string, unknown>> };
  expect(integrate.properties["statistic"]!["enum"]).toContain("trimmed-mean");
});

describe.each(examples)("$name", ({ kind, value }) => {
  it("is accepted", () => {
    const validate = validators[kind];
    expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
  });

  it("is refused with any of its settings misspelt, as by the program", () => {
    for (const path of sectionsOf(value)) {
      const wrong = structuredClone(value);
      (at(wrong, path) as Record<string, unknown>)["nosuchsetting"] = 1;
      const isFree = CONFIGS[kind].safeParse(wrong).success; // names of phases, of materials
      expect(validators[kind](wrong), path.join(".")).toBe(isFree);
    }
  });
});

it("takes whatever the program takes, and beyond that only what breaks a rule between settings", () => {
  const change = fc.record({
    example: fc.constantFrom(...examples),
    where: fc.nat(),
    what: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(null, true, "", "auto", 0, -1, 1, 0.5, 1e9, [], {}, [1, 2], "a\nb") },
      { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
  });
  let [accepted, refused] = [0, 0];
  fc.assert(
    fc.property(change, ({ example: { kind, value }, where, what }) => {
      const changed = structuredClone(value);
      const paths = allPaths(changed);
      const path = paths[where % paths.length]!;
      const parent = at(changed, path.slice(0, -1)) as Record<PropertyKey, unknown>;
      if (what === undefined && !Array.isArray(parent)) delete parent[path.at(-1)!];
      else parent[path.at(-1)!] = what ?? null;
      const found = CONFIGS[kind].safeParse(changed);
      const isValid = validators[kind](changed);
      if (found.success) expect(isValid, path.join(".")).toBe(true);
      else if (isValid)
        expect(found.error.issues.some(isRule), `${path.join(".")} = ${JSON.stringify(what)}`).toBe(true);
      if (found.success) accepted++;
      else refused++;
    }),
    { numRuns: 1500, seed: 7 },
  );
  // the changes are of both kinds
  expect(Math.min(accepted, refused)).toBeGreaterThan(200);
});

/** A check written in code, which JSON Schema has no words for. */
function isRule(issue: z.core.$ZodIssue): boolean {
  return (
    issue.code === "custom" || (issue.code === "invalid_union" && issue.errors.some((branch) => branch.some(isRule)))
  );
}

type Path = (string | number)[];
const at = (value: unknown, path: Path): unknown =>
  path.reduce((node, key) => (node as Record<PropertyKey, unknown>)[key], value);

function allPaths(value: unknown, path: Path = []): Path[] {
  if (value === null || typeof value !== "object") return [];
  const keys = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value);
  return keys.flatMap((key) => {
    const here = [...path, key];
    return [here, ...allPaths((value as Record<PropertyKey, unknown>)[key], here)];
  });
}

const sectionsOf = (value: unknown): Path[] =>
  [[], ...allPaths(value)].filter((path) => {
    const node = at(value, path);
    return node !== null && typeof node === "object" && !Array.isArray(node);
  });
