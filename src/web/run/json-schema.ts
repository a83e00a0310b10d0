/** What kind of control a part of a JSON schema asks for. */
export interface Schema {
  /** several: of a number that may be null */
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly unit?: string;
}

export type Shape =
  | { readonly kind: "section"; readonly properties: Readonly<Record<string, Schema>> }
  /** any names, each with the same kind of value */
  | { readonly kind: "record"; readonly of: Schema }
  | { readonly kind: "list"; readonly of: Schema }
  /** numbers and words in one line, with commas between */
  | { readonly kind: "line"; readonly mayBeOne: boolean }
  | { readonly kind: "choice"; readonly options: readonly (string | number | boolean)[] }
  /** a number, a text, or one of some words */
  | {
      readonly kind: "scalar";
      readonly words: readonly unknown[];
      readonly isNumber: boolean;
      readonly isText: boolean;
    }
  | { readonly kind: "union"; readonly variants: readonly Schema[] }
  | { readonly kind: "other" };

/** null is how a setting is left out by hand: an empty field says the same. */
const typeOf = ({ type }: Schema): string | undefined =>
  typeof type === "object" ? type.find((one) => one !== "null") : type;

const isScalar = (schema: Schema): boolean =>
  schema.enum !== undefined ||
  schema.const !== undefined ||
  ["string", "number", "integer", "boolean", "null"].includes(typeOf(schema) ?? "");

const variantsOf = ({ anyOf, oneOf }: Schema): readonly Schema[] => anyOf ?? oneOf ?? [];

/** Unions of unions laid flat. */
function flatVariants(schema: Schema): Schema[] {
  const variants = variantsOf(schema);
  return variants.length === 0 ? [schema] : variants.flatMap(flatVariants);
}

const isLine = ({ items, prefixItems }: Schema): boolean =>
  prefixItems
    ? prefixItems.every(isScalar)
    : items !== undefined && items !== false && flatVariants(items).every(isScalar);

export function shapeOf(schema: Schema): Shape {
  if (variantsOf(schema).length > 0) return shapeOfUnion(flatVariants(schema));
  if (schema.enum) return { kind: "choice", options: schema.enum as string[] };
  if (schema.const !== undefined) return { kind: "choice", options: [schema.const as string] };
  if (typeOf(schema) === "boolean") return { kind: "choice", options: [true, false] };
  if (isScalar(schema)) return asScalar([schema]);
  if (typeOf(schema) === "array") {
    if (isLine(schema)) return { kind: "line", mayBeOne: false };
    return schema.items ? { kind: "list", of: schema.items } : { kind: "other" };
  }
  if (schema.properties) return { kind: "section", properties: schema.properties };
  if (typeof schema.additionalProperties === "object") return { kind: "record", of: schema.additionalProperties };
  return { kind: "other" };
}

function shapeOfUnion(all: readonly Schema[]): Shape {
  const variants = all.filter((one) => typeOf(one) !== "null");
  if (variants.length === 1) return shapeOf(variants[0]!);
  if (variants.every(({ enum: values, const: only }) => values !== undefined || only !== undefined))
    return { kind: "choice", options: variants.flatMap((one) => (one.enum ?? [one.const]) as string[]) };
  if (variants.every(isScalar)) return asScalar(variants);
  const lists = variants.filter((one) => typeOf(one) === "array");
  if (lists.length > 0 && variants.every((one) => isScalar(one) || (typeOf(one) === "array" && isLine(one))))
    return { kind: "line", mayBeOne: true };
  return { kind: "union", variants };
}

function asScalar(variants: readonly Schema[]): Shape {
  const words = variants.flatMap((one) => {
    if (typeOf(one) === "boolean") return [true, false];
    return one.enum ?? (one.const === undefined ? [] : [one.const]);
  });
  const free = variants.filter((one) => one.enum === undefined && one.const === undefined);
  return {
    kind: "scalar",
    words,
    isNumber: free.some((one) => typeOf(one) === "number" || typeOf(one) === "integer"),
    isText: free.some((one) => typeOf(one) === "string"),
  };
}

/** What a variant of a union is called in its list. */
export function nameOfVariant(schema: Schema): string {
  if (schema.const !== undefined) return String(schema.const);
  if (schema.enum) return "a name";
  const { properties = {} } = schema;
  const fixed = Object.values(properties).find((one) => one.const !== undefined);
  if (fixed) return String(fixed.const);
  const names = Object.keys(properties);
  if (names.length > 0) return names.slice(0, 3).join(", ") + (names.length > 3 ? " ..." : "");
  return (
    { array: "a list", string: "a text", number: "a number", integer: "a number", boolean: "yes or no" }[
      typeOf(schema) ?? ""
    ] ?? "named parts"
  );
}

/** The variant that a value is of; the first where there is none. */
export function variantOf(variants: readonly Schema[], value: unknown): number {
  const scores = variants.map((schema) => likeness(schema, value));
  const best = Math.max(...scores);
  return best < 0 ? 0 : scores.indexOf(best);
}

/** -1: another type; else the more the better. */
function likeness(schema: Schema, value: unknown): number {
  if (schema.const !== undefined) return schema.const === value ? 9 : -1;
  if (schema.enum) return schema.enum.includes(value) ? 9 : -1;
  if (Array.isArray(value)) return typeOf(schema) === "array" ? 5 : -1;
  if (value === null || typeof value !== "object") {
    const type = typeof value === "number" && typeOf(schema) === "integer" ? "integer" : typeof value;
    return typeOf(schema) === type ? 5 : -1;
  }
  if (!schema.properties) return typeof schema.additionalProperties === "object" ? 1 : -1;
  let score = 2;
  for (const [key, part] of Object.entries(value)) {
    const known = schema.properties[key];
    if (!known) score -= 1;
    else score += known.const === undefined ? 1 : known.const === part ? 20 : -20;
  }
  return Math.max(0, score);
}

/** What a new part starts as: the words that are fixed, and nothing else. */
export function startOf(schema: Schema): unknown {
  const shape = shapeOf(schema);
  if (shape.kind === "section") {
    const fixed = Object.entries(shape.properties).filter(([, one]) => one.const !== undefined);
    return Object.fromEntries(fixed.map(([key, one]) => [key, one.const]));
  }
  if (shape.kind === "union") return startOf(shape.variants[0]!);
  if (shape.kind === "list" || shape.kind === "line") return [];
  if (shape.kind === "record") return {};
  if (shape.kind === "choice") return shape.options[0];
  if (shape.kind === "scalar") return shape.words[0] ?? (shape.isNumber ? 1 : "");
  return {};
}

/** The schema at a path, where that is plain; undefined inside of unions. */
export function schemaAt(schema: Schema, path: readonly (string | number)[]): Schema | undefined {
  let at: Schema | undefined = schema;
  for (const key of path) at = at?.properties?.[String(key)];
  return at;
}
