/** YAML of every configuration: texts that are changed, and settings made from the schemas. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import * as z from "zod";
import { decodeText } from "../../src/files/byte-source.ts";
import { parseYaml } from "../../src/files/yaml.ts";
import { parseModel } from "../../src/pipeline/refine/load-model.ts";
import { parseScan, ScanConfig } from "../../src/pipeline/scan-config.ts";
import { SeriesFileConfig } from "../../src/pipeline/series/series-config.ts";
import { SlurmSettings } from "../../src/pipeline/slurm/slurm-settings.ts";
import { parseStudy, StudyConfig } from "../../src/pipeline/study/study-config.ts";
import { ModelConfig } from "../../src/refinement/index.ts";
import { SimulateConfig } from "../../src/stages/simulate/index.ts";
import { type FuzzTarget, made, type Seed } from "./target.ts";

const root = join(import.meta.dirname, "../..");

/** YAML files of examples/, and those that pages of docs/ show. */
function written(): Seed[] {
  const examples = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".yaml"));
  const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return [
    ...examples.map((name) => made(name, readFileSync(join(root, "examples", name)))),
    ...pages.flatMap((page) =>
      [...readFileSync(join(root, "docs", page), "utf8").matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text], i) =>
        made(`${page}-${i}`, text!),
      ),
    ),
  ];
}

interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly prefixItems?: readonly SchemaNode[];
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly required?: readonly string[];
}

const ODD: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    "x",
    0,
    -1,
    1e300,
    1e-300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    true,
    [],
    {},
    [[]],
    "../../../etc/passwd",
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constant(JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 1}')),
);

/** Values as a schema wants them, one in ten or so another. */
function valuesOf(node: SchemaNode | boolean | undefined, depth = 0): fc.Arbitrary<unknown> {
  if (typeof node !== "object" || depth > 7) return ODD;
  const good = goodValues(node, depth);
  return fc.oneof({ arbitrary: good, weight: 12 }, { arbitrary: ODD, weight: 1 });
}

function goodValues(node: SchemaNode, depth: number): fc.Arbitrary<unknown> {
  if ("const" in node) return fc.constant(node.const);
  if (node.enum) return fc.constantFrom(...node.enum);
  const choices = node.anyOf ?? node.oneOf ?? node.allOf;
  if (choices?.length) return fc.oneof(...choices.map((one) => valuesOf(one, depth + 1)));
  switch (node.type) {
    case "object": {
      const parts = Object.fromEntries(
        Object.entries(node.properties ?? {}).map(([key, value]) => [key, valuesOf(value, depth + 1)]),
      );
      const own = fc.record(parts, { requiredKeys: [...(node.required ?? [])].filter((key) => key in parts) });
      if (typeof node.additionalProperties !== "object") return own;
      return fc.dictionary(
        fc.constantFrom("Cu", "Al", "a", "__proto__", "toString"),
        valuesOf(node.additionalProperties, depth + 1),
        { maxKeys: 3 },
      );
    }
    case "array":
      return node.prefixItems
        ? fc.tuple(...node.prefixItems.map((one) => valuesOf(one, depth + 1)))
        : fc.array(valuesOf(node.items, depth + 1), { maxLength: 3 });
    case "number":
      return fc.oneof(fc.double({ min: 0, max: 200, noNaN: true }), fc.double(), fc.constantFrom(1, 2, 0.5));
    case "integer":
      return fc.oneof(fc.nat(100), fc.integer(), fc.constantFrom(2 ** 53, -(2 ** 53)));
    case "boolean":
      return fc.boolean();
    case "string":
      return fc.oneof(
        fc.constantFrom("Cu", "a.nxs", "entry/data", "2-3", "Ni/a = 2 * Cu/a"),
        fc.string({ maxLength: 12 }),
      );
    default:
      return ODD;
  }
}

function config(name: string, schema: z.ZodType, parse: (text: string) => unknown): FuzzTarget {
  const node = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" }) as SchemaNode;
  return {
    name,
    kind: "text",
    seeds: written,
    grammar: valuesOf(node).map((value) => stringify(value, { aliasDuplicateObjects: false }) ?? ""),
    read(bytes) {
      const found = parse(decodeText(bytes));
      if (Object.hasOwn(Object.prototype, "polluted")) throw new Error("Object.prototype was changed");
      return found;
    },
  };
}

export const CONFIG_TARGETS: readonly FuzzTarget[] = [
  config("scan-yaml", ScanConfig, (text) => parseScan(text, "scan.yaml").config),
  config("model-yaml", ModelConfig, (text) => parseModel(text, "model.yaml", root).config),
  config("study-yaml", StudyConfig, (text) => parseStudy(text, "study.yaml").config),
  config("series-yaml", SeriesFileConfig, (text) => parseYaml(text, "series.yaml", SeriesFileConfig)),
  config("simulate-yaml", SimulateConfig, (text) => parseYaml(text, "simulate.yaml", SimulateConfig)),
  config("slurm-yaml", SlurmSettings, (text) => parseYaml(text, "slurm.yaml", SlurmSettings)),
];
