/** Quantities over the slice: lattice parameters, and what they and the compositions follow. */
import { InputError } from "../../data/index.ts";
import type { FieldConfig, Placement, PlacesField, SimulateConfig } from "./config.ts";

/** A value at x, y in mm, in the sample's own frame. */
export type Field = (x: number, y: number) => number;
export type NamedFields = ReadonlyMap<string, Field>;

/** The fields of a configuration by name. @throws InputError "bad-field" */
export const createFields = (config: SimulateConfig): NamedFields =>
  new Map(Object.entries(config.fields).map(([name, field]) => [name, placesField(field, `fields.${name}`)]));

function placesField({ base, near }: PlacesField, where: string): Field {
  const terms = near.map(({ ring, pointMm, reachMm, change }, i) => {
    if ((ring === undefined) === (pointMm === undefined)) {
      throw new InputError(
        "bad-field",
        `${where}.near[${i}] has ${ring ? "both ring and pointMm" : "neither ring nor pointMm"}; it needs one of them. Say what the place is.`,
      );
    }
    const [cx, cy] = ring ? ring.centreMm : pointMm!;
    const radius = ring?.radiusMm ?? 0;
    return (x: number, y: number): number =>
      change * Math.exp(-(((Math.hypot(x - cx, y - cy) - radius) / reachMm) ** 2));
  });
  return (x, y) => terms.reduce((sum, term) => sum + term(x, y), base);
}

/** @throws InputError "bad-field" where there is none of that name */
export function namedField(fields: NamedFields, name: string, where: string): Field {
  const field = fields.get(name);
  if (field) return field;
  throw new InputError(
    "bad-field",
    `${where}: there is no field "${name}"; under fields there are ${[...fields.keys()].join(", ") || "none"}. Correct the name or add it.`,
  );
}

/** @throws InputError "bad-field" where the values do not rise */
export function checkRising(values: readonly number[], where: string): void {
  const at = values.findIndex((value, i) => i > 0 && !(value > values[i - 1]!));
  if (at < 0) return;
  throw new InputError(
    "bad-field",
    `${where}: point ${at + 1} lies at ${values[at]}, and the one before it at ${values[at - 1]}; each must lie higher than the last. Put them in order.`,
  );
}

/** Which interval of rising values holds `value`, and how far in: between 0 and 1, the ends beyond. */
export function intervalOf(
  rising: ArrayLike<number>,
  value: number,
): { readonly index: number; readonly share: number } {
  let low = 0;
  let high = rising.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (rising[middle]! <= value) low = middle;
    else high = middle;
  }
  return { index: low, share: Math.min(1, Math.max(0, (value - rising[low]!) / (rising[low + 1]! - rising[low]!))) };
}

export type VaryingField = Exclude<FieldConfig, number>;

/** A number is a property of the phase, not of the place: scattering.ts puts it into the cell. */
export const isVarying = (field: FieldConfig | undefined): field is VaryingField => typeof field === "object";

/** A lattice parameter at every place. @throws InputError "bad-field" */
export function latticeField(field: VaryingField, fields: NamedFields, where: string): Field {
  if (field.kind === "curve") {
    const followed = namedField(fields, field.field, where);
    const at = field.points.map(([value]) => value);
    checkRising(at, `${where}.points`);
    return (x, y) => {
      const { index, share } = intervalOf(at, followed(x, y));
      return field.points[index]![1] * (1 - share) + field.points[index + 1]![1] * share;
    };
  }
  if (field.kind === "radial") {
    return (x, y) => field.centre + (field.edge - field.centre) * (Math.hypot(x, y) / field.radiusMm);
  }
  if (field.kind === "linear") {
    const angle = (field.directionDeg * Math.PI) / 180;
    return (x, y) => {
      const along = (x * Math.cos(angle) + y * Math.sin(angle)) / field.lengthMm;
      return field.from + (field.to - field.from) * Math.min(1, Math.max(0, along + 0.5));
    };
  }
  return (x, y) => {
    const ring = Math.floor((Math.hypot(x, y) / field.radiusMm) * field.values.length);
    return field.values[Math.min(field.values.length - 1, ring)]!;
  };
}

/** Where a point of the stage lies in the sample's own frame: x, y in mm to x, y in mm. */
export function ontoSample({ rotationDeg, shiftMm, scale }: Placement): (x: number, y: number) => [number, number] {
  const angle = (rotationDeg * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const [sx, sy] = shiftMm;
  return (x, y) => [(x - sx) * cosine + (y - sy) * sine, (y - sy) * cosine - (x - sx) * sine];
}

/** [y, x] of voxel centres, as the sample lies on the stage. */
export function sampleField(field: Field, placement: Placement, size: number, stepMm: number): Float64Array {
  const toSample = ontoSample(placement);
  const out = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let col = 0; col < size; col++) {
      const [x, y] = toSample((col - (size - 1) / 2) * stepMm, (row - (size - 1) / 2) * stepMm);
      out[row * size + col] = field(x, y);
    }
  }
  return out;
}
