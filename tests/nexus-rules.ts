/**
 * What NeXus asks of the groups that a result is made of, as a list of faults; written from the class definitions
 * (NXdata, NXprocess, NXnote, NXentry, NXroot at manual.nexusformat.org) and from what H5Web needs to plot: a chain of
 * `default`, `signal`, one `axes` name for each dimension, errors of the same shape, a scalar text as title.
 */
import type { Hdf5File } from "../src/files/hdf5.ts";

const CLASSES = /^NX(root|entry|process|data|collection|note|instrument|beam|detector|sample|parameters)$/;
const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** @returns sentences, each with the path it is about; [] where nothing is wrong */
export function nexusFaults(file: Hdf5File): string[] {
  const faults: string[] = [];
  const { groups, broken } = file.contents();
  for (const { path } of broken) faults.push(`${path}: leads nowhere`);
  for (const group of ["", ...groups]) {
    const nxClass = String(file.attribute(group, "NX_class") ?? "");
    const say = (fault: string) => faults.push(`/${group} (${nxClass}): ${fault}`);
    if (!CLASSES.test(nxClass)) say("has no known NX_class");
    if (nxClass === "NXdata") for (const fault of dataFaults(file, group)) say(fault);
    if (nxClass === "NXprocess") for (const fault of processFaults(file, group)) say(fault);
    if (nxClass === "NXnote" && (!file.text(`${group}/type`) || file.text(`${group}/data`) === undefined))
      say("needs type and data");
    const holdsPlots = groups.some(
      (other) => other.startsWith(group && `${group}/`) && file.attribute(other, "NX_class") === "NXdata",
    );
    if (nxClass !== "NXdata" && holdsPlots && defaultPlot(file, group) === undefined)
      say("holds plots, and `default` leads to none");
  }
  return faults;
}

/** The NXdata group that viewers open for a group: along `default`, relative or absolute, until one has a signal. */
export function defaultPlot(file: Hdf5File, from = ""): string | undefined {
  let group = from;
  for (let step = 0; step < 10; step++) {
    if (file.attribute(group, "NX_class") === "NXdata" && file.attribute(group, "signal")) return group;
    const next = file.attribute(group, "default");
    if (typeof next !== "string" || !file.isGroup(`${group}/${next}`)) return undefined;
    group = group ? `${group}/${next}` : next;
  }
  return undefined;
}

function dataFaults(file: Hdf5File, group: string): string[] {
  const faults: string[] = [];
  const signal = file.attribute(group, "signal");
  const shape = file.dataset(`${group}/${signal}`)?.shape;
  if (!shape) return [`signal "${signal}" is no dataset`];
  const named = file.attribute(group, "axes");
  const axes = typeof named === "string" ? [named] : (named as string[] | undefined);
  if (axes?.length !== shape.length) faults.push(`${axes?.length} axes for ${shape.length} dimensions`);
  for (const [i, axis] of (axes ?? []).entries()) {
    if (axis === ".") continue;
    const found = file.dataset(`${group}/${axis}`)?.shape;
    if (found?.length !== 1 || found[0] !== shape[i]) faults.push(`axis ${axis} [${found}] is not ${shape[i]} long`);
    if (file.attribute(group, `${axis}_indices`) !== i) faults.push(`${axis}_indices is not ${i}`);
    if (!file.attribute(`${group}/${axis}`, "units")) faults.push(`axis ${axis} has no units`);
    const values = file.numbers(`${group}/${axis}`) ?? new Float64Array(0);
    if (!values.every((value, at) => Number.isFinite(value) && (at === 0 || value !== values[at - 1])))
      faults.push(`axis ${axis} is not finite, or stands still`);
  }
  const errors = file.dataset(`${group}/${signal}_errors`);
  if (errors && errors.shape?.join() !== shape.join()) faults.push(`errors are [${errors.shape}]`);
  if (!file.attribute(`${group}/${signal}`, "long_name")) faults.push("the signal has no long_name");
  const title = file.dataset(`${group}/title`);
  if (!title?.shape || title.type !== "string" || title.shape.length > 0) faults.push("title is no scalar text");
  const unit = file.attribute(`${group}/${signal}`, "units");
  if (unit && !file.text(`${group}/title`)?.includes(`(${unit})`)) faults.push(`the title does not say ${unit}`);
  const isStack = /^(two_theta|q|radius|log_tan|channel|bin)$/.test(axes?.at(-1) ?? "");
  const interpretation = file.attribute(`${group}/${signal}`, "interpretation");
  if (shape.length > 1 && interpretation !== (isStack ? "spectrum" : "image"))
    faults.push(`interpretation is ${interpretation}`);
  return faults;
}

function processFaults(file: Hdf5File, group: string): string[] {
  const faults = ["program", "version"].filter((name) => !file.text(`${group}/${name}`)).map((name) => `no ${name}`);
  if (!ISO_8601.test(file.text(`${group}/date`) ?? "")) faults.push(`date is "${file.text(`${group}/date`)}"`);
  if (!((file.numbers(`${group}/sequence_index`)?.[0] ?? 0) >= 1)) faults.push("no sequence_index");
  return faults;
}
