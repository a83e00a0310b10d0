/** A voxel as the map fitted it, as plain data: curves, numbers, agreement. */
import { STATUS } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import type { MapValue, RefineParameter, RefinePhase, RefineReply } from "../wire-refine.ts";
import { type FittedVoxel, statusName } from "./map-voxels.ts";

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

export type VoxelDescription = Pick<
  RefineReply,
  "status" | "statistics" | "weights" | "wavelengthA" | "parameters" | "phases" | "pattern"
>;

export function describeVoxel(voxel: FittedVoxel): VoxelDescription {
  const { plan, calculator, observed, end } = voxel;
  // without a fit there are still the places of the reflections
  if (end) calculator.values.set(end.values);
  else for (const [name, value] of plan.values) calculator.values[calculator.indexOf(name)] = value;
  calculator.evaluate(false);
  const points = [...observed.keys()].filter((k) => Number.isFinite(observed[k]!) && !(end && !(end.weight[k]! > 0)));
  const of = (curve: ArrayLike<number>): number[] => points.map((k) => curve[k]!);
  const background = new Float64Array(observed.length);
  if (end) calculator.background(background);
  const status = voxel.status("fit");
  return {
    status,
    weights: plan.weights,
    wavelengthA: plan.wavelengthA,
    statistics: statisticsOf(voxel, points, background),
    parameters: parametersOf(voxel),
    phases: calculator.model.phases.map((_, p) => phaseOf(voxel, p)),
    pattern: {
      twoThetaDeg: of(plan.twoThetaDeg),
      observed: of(observed),
      sigma: end ? points.map((k) => 1 / Math.sqrt(end.weight[k]!)) : [],
      calculated: end ? of(calculator.calculated) : [],
      background: end ? of(background) : [],
      phases: end
        ? Object.fromEntries(
            calculator.model.phases.map(({ name }, p) => {
              const own = new Float64Array(observed.length);
              calculator.phasePattern(p, own);
              return [name, of(own)];
            }),
          )
        : {},
    },
  };
}

/** Rwp and GoF as they are in the maps; the rest follows from them. */
function statisticsOf(voxel: FittedVoxel, points: readonly number[], background: Float64Array) {
  const { observed, end, plan } = voxel;
  const rwp = voxel.number("rwp").value;
  const gof = voxel.number(plan.weights === "uniform" ? "residual" : "gof").value;
  let [total, net] = [0, 0];
  for (const k of points) {
    const weight = end?.weight[k] ?? 0;
    total += weight * observed[k]! ** 2;
    net += weight * (observed[k]! - background[k]!) ** 2;
  }
  const chi2 = rwp * rwp * total;
  return {
    rwp,
    rwpNoBackground: Math.sqrt(chi2 / net),
    rexp: plan.weights === "uniform" ? Number.NaN : rwp / gof,
    gof,
    chi2,
    points: points.length,
    parameters: Math.round(points.length - chi2 / gof ** 2),
  };
}

function parametersOf(voxel: FittedVoxel): RefineParameter[] {
  const { plan, calculator, end } = voxel;
  const groups = new Map(plan.parameters.map(({ name, group }) => [name, group]));
  return calculator.parameters.map(({ name, unit }, i) => {
    if (!plan.refined.includes(name)) {
      const value = orNull(plan.values.find(([one]) => one === name)![1]);
      return { name, unit, value, esd: null, status: "fixed" };
    }
    const { value, esd } = voxel.number(name);
    const status = end ? voxel.status(groups.get(name)!) : "notFitted";
    // of a fit that failed the curve is shown, and so are the numbers that it is drawn with
    const shown = end && voxel.status("fit") !== "converged" ? end.values[i]! : value;
    return { name, unit, value: orNull(shown), esd: orNull(esd), status };
  });
}

function phaseOf(voxel: FittedVoxel, p: number): RefinePhase {
  const { calculator, observed, plan } = voxel;
  const { name, kind } = calculator.model.phases[p]!;
  const { value, esd } = voxel.number(`${name}/weight_fraction`);
  const terms = calculator.phases[p]!;
  const { twoThetaDeg } = calculator.reflectionsOf(p, observed);
  const [first, last] = [plan.twoThetaDeg[0]!, plan.twoThetaDeg.at(-1)!];
  const inRange = [...twoThetaDeg.keys()].filter((r) => twoThetaDeg[r]! >= first && twoThetaDeg[r]! <= last);
  return {
    name,
    kind,
    weightFraction: orNull(value),
    weightFractionEsd: orNull(esd),
    reflections: inRange.map((r) => ({
      h: terms.h[r]!,
      k: terms.k[r]!,
      l: terms.l[r]!,
      twoThetaDeg: twoThetaDeg[r]!,
    })),
  };
}

/** What the maps of the file hold at a voxel. */
export function mapValuesAt(result: Result, y: number, x: number): MapValue[] {
  const list = result.list();
  const names = new Set(list.map(({ name }) => name));
  const at = (name: string): number => Number(result.readArray(name, [y, x], [1, 1])[0]);
  return list
    .filter(({ name, shape }) => name.startsWith("map/") && shape.length === 2 && !/_(esd|status)$/.test(name))
    .map(({ name, unit }) => ({
      name: name.slice("map/".length),
      unit,
      value: orNull(at(name)),
      esd: names.has(`${name}_esd`) ? orNull(at(`${name}_esd`)) : null,
      status: names.has(`${name}_status`) ? statusName(at(`${name}_status`)) : statusName(STATUS.converged),
    }));
}
