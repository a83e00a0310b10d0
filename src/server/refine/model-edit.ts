/** A model.yaml in a person's hands: what its parameters are, and changes that keep comments and order. */
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { type Document, isMap, isScalar, isSeq } from "yaml";
import * as z from "zod";
import { InputError } from "../../data/index.ts";
import { parseYaml, parseYamlDocument } from "../../files/yaml.ts";
import { type ModelParameter, modelParameters } from "../../pattern/parameters.ts";
import type { LoadedModel } from "../../pipeline/refine/load-model.ts";
import { ModelConfig, resolveModel } from "../../refinement/index.ts";
import type { ServedFolder } from "../served-folder.ts";
import type { CheckReply, CheckRequest, ModelParameterRow, ModelText, ParameterChange } from "../wire-refine.ts";
import { filesOf, loadModelText } from "./model-text.ts";

/** Spacings of reflections that lists of intensities end with; no parameter that a person edits depends on it. */
const D_MIN_A = 1;

/** What a text says, after a change; what is wrong with it is part of the answer. */
export function checkModel(request: CheckRequest, served: ServedFolder): CheckReply {
  const { change, exclude, ...given } = request;
  let { text } = given;
  try {
    if (change) text = changeParameter(given, change, served);
    if (exclude) text = changeExcluded(text, exclude);
    const model = loadModelText({ ...given, text }, served);
    return { text, parameters: parameterRows(model), exclude: model.config.exclude };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { code, message } = error;
    return { text, parameters: [], exclude: [], problem: { code, message, lines: linesIn(message) } };
  }
}

const linesIn = (message: string): number[] =>
  [...message.matchAll(/\bline (\d+)/g)]
    .map(([, line]) => Number(line))
    .filter((line, i, all) => all.indexOf(line) === i);

function parameterRows({ config, files }: LoadedModel): ModelParameterRow[] {
  const { model, wavelengthA, settings } = resolveModel(config, files);
  const list = modelParameters(model, wavelengthA, D_MIN_A).filter(({ name }) => !name.includes("/I("));
  const names = model.phases.map(({ name }) => name);
  return list.map((parameter): ModelParameterRow => {
    const setting = settings.get(parameter.name) ?? {};
    const path = pathOf(parameter.name, config, names);
    return {
      name: parameter.name,
      unit: parameter.unit,
      value: setting.value ?? parameter.value,
      isGiven: setting.value !== undefined,
      refine: setting.refine === true,
      ...(setting.min !== undefined && { min: setting.min }),
      ...(setting.max !== undefined && { max: setting.max }),
      help: helpOf(parameter, path),
      isEditable: path !== undefined,
    };
  });
}

type Path = readonly (string | number)[];

const PROFILE = ["U", "V", "W", "X", "Y", "Z", "eta0", "eta1", "SL", "HL", "asym"];
const CELL = ["a", "b", "c", "alpha", "beta", "gamma"];
const ALONG: Readonly<Record<string, string>> = { axialSize: "size", axialStrain: "strain" };

/** Where model.yaml has a parameter; undefined for those that are not written one by one. */
function pathOf(name: string, config: ModelConfig, phases: readonly string[]): Path | undefined {
  if (name === "zero") return [name];
  if (name === "wavelength") return (config.energyKeV ?? config.radiation) ? undefined : [name];
  if (name === "displacement") return ["displacement", "value"];
  if (name === "transparency") return ["displacement", "transparency"];
  if (PROFILE.includes(name)) return ["profile", name];
  const peak = config.peaks.findIndex((one) => name.startsWith(`peaks/${one.name}/`));
  if (peak >= 0) return ["peaks", peak, name.split("/").at(-1)!];
  const p = phases.findIndex((phase) => name.startsWith(`${phase}/`));
  if (p < 0) return undefined;
  const key = name.slice(phases[p]!.length + 1);
  const spec = config.phases[p]!;
  if (CELL.includes(key)) return ["phases", p, "cell", key];
  const size = ALONG[key] ?? key;
  if (size === "size" || size === "strain") {
    const isEllipse = spec[size] !== undefined && "axis" in spec[size];
    return isEllipse ? ["phases", p, size, key === size ? "across" : "along"] : ["phases", p, size];
  }
  if (["scale", "gaussianSize", "gaussianStrain", "width", "overallB"].includes(key)) return ["phases", p, key];
  if (key.startsWith("texture")) {
    const at = spec.texture?.findIndex(({ hkl }) => key === "texture" || key === `texture(${hkl.join(" ")})`) ?? -1;
    return at < 0 ? undefined : ["phases", p, "texture", at, "r"];
  }
  const [site, of] = key.split("/");
  return of === undefined ? undefined : ["phases", p, "sites", site!, of];
}

interface SchemaNode {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}
let schema: SchemaNode | undefined;

/** What the schema of model.yaml says of a setting. */
function helpOf({ name }: ModelParameter, path: Path | undefined): string {
  schema ??= z.toJSONSchema(ModelConfig, { io: "input", unrepresentable: "any", reused: "inline" }) as SchemaNode;
  const forms = (node: SchemaNode): SchemaNode[] => [node, ...(node.anyOf ?? []).flatMap(forms)];
  let nodes = [schema];
  for (const key of path ?? [name.split("/")[0]!]) {
    nodes = nodes.flatMap(forms).flatMap(({ properties, items, additionalProperties }) => {
      const next = typeof key === "number" ? items : (properties?.[key] ?? additionalProperties);
      return next && typeof next === "object" ? [next] : [];
    });
  }
  return nodes.find(({ description }) => description)?.description ?? "";
}

/** @throws InputError of the text, "model-parameter" where the text has no place for it */
function changeParameter(model: ModelText, change: ParameterChange, served: ServedFolder): string {
  const { config, files } = loadModelText(model, served);
  const { model: resolved, settings } = resolveModel(config, files);
  const path = pathOf(
    change.name,
    config,
    resolved.phases.map(({ name }) => name),
  );
  if (!path) {
    throw new InputError(
      "model-parameter",
      `${change.name} cannot be changed in the table: change the text of the model.`,
    );
  }
  const { document } = parseYamlDocument(model.text, "the model");
  path.forEach((_, depth) => {
    if (depth > 0) openUp(document, path.slice(0, depth));
  });
  const { value, refine, min, max } = { ...settings.get(change.name), ...change };
  const spec = Object.fromEntries(
    Object.entries({ value, refine, min, max }).filter(([, one]) => one !== undefined && one !== null),
  );
  const node = document.createNode(spec);
  node.flow = true;
  document.setIn(path, node);
  return document.toString({ lineWidth: 110 });
}

/** Short forms (a phase that is a name, cell: true) become sections that something can be put into. */
function openUp(document: Document, path: Path): void {
  const node = document.getIn(path, true);
  if (isMap(node) || isSeq(node)) return;
  const value = isScalar(node) ? node.value : undefined;
  const isPhase = path.length === 2 && path[0] === "phases";
  const section =
    isPhase && typeof value === "string"
      ? { [/\.cif$/i.test(value) ? "cif" : "structure"]: value }
      : typeof value === "boolean"
        ? { refine: value }
        : {};
  document.setIn(path, document.createNode(section));
}

/** @param exclude ranges of two-theta that are left out; all of them */
function changeExcluded(text: string, exclude: readonly (readonly [number, number])[]): string {
  const { document } = parseYamlDocument(text, "the model");
  if (exclude.length === 0) document.delete("exclude");
  else {
    const list = document.createNode(exclude.map(([a, b]) => [Number(a.toPrecision(6)), Number(b.toPrecision(6))]));
    list.flow = true;
    document.set("exclude", list);
  }
  return document.toString({ lineWidth: 110 });
}

/** The text with the files that it names seen from another folder; comments and order stay. */
export function moveModelText({ text, folder }: ModelText, to: string, served: ServedFolder): string {
  const from = served.existing(folder);
  const target = dirname(to);
  const config = parseYaml(text, "the model", ModelConfig);
  if (from === target || filesOf(config).every(isAbsolute)) return text;
  const { document } = parseYamlDocument(text, "the model");
  const move = (path: Path): void => {
    const file = document.getIn(path);
    if (typeof file === "string" && !isAbsolute(file))
      document.setIn(path, relative(target, resolve(from, file)) || file);
  };
  move(["instrument"]);
  move(["background", "measured", "file"]);
  config.phases.forEach(({ cif }, p) => {
    if (cif === undefined) return;
    const isName = typeof document.getIn(["phases", p]) === "string";
    move(isName ? ["phases", p] : ["phases", p, "cif"]);
  });
  return document.toString({ lineWidth: 110 });
}
