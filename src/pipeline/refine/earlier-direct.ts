/** A direct reconstruction of the same slice at an earlier time, that a new one starts from. */
import { InputError, type ParameterMap, STATUS } from "../../data/index.ts";
import { openResult } from "../../files/result-reader.ts";
import type { DlsrReport, EarlierDirect } from "../../stages/dlsr/index.ts";

export interface OpenedEarlierDirect {
  readonly path: string;
  /** of everything that decided it */
  readonly key: string;
  readonly ny: number;
  readonly nx: number;
  readonly direct: EarlierDirect;
}

/** @throws InputError "dlsr-start" where the result has no direct reconstruction, and those of openResult */
export async function openEarlierDirect(path: string): Promise<OpenedEarlierDirect> {
  const result = await openResult(path);
  try {
    const note = result.readNote("dlsr/report");
    const stage = result.processes().find((process) => process.stage === "dlsr");
    const key = (stage?.config as { key?: string } | undefined)?.key;
    if (note === undefined || key === undefined) {
      throw new InputError(
        "dlsr-start",
        `dlsr.start.result: ${path} has no direct reconstruction. Name a result of xrdct run with a dlsr section, or leave start out.`,
      );
    }
    const report = JSON.parse(note) as DlsrReport;
    const names = new Set(result.list().map(({ name }) => name));
    const corrections = new Map<string, Map<string, Float64Array>>();
    for (const { phase, parameter } of report.parameters) {
      const [direct, conventional] = [`dlsr/${phase}/${parameter}`, `map/${phase}/${parameter}`];
      if (!names.has(direct) || !names.has(conventional)) continue;
      const own = corrections.get(phase) ?? new Map<string, Float64Array>();
      own.set(parameter, difference(result.readMap(direct), result.readMap(conventional)));
      corrections.set(phase, own);
    }
    const { ny, nx } = result.readMap("dlsr/rwp");
    const { value, isUndecided } = report.depthSign;
    const global = (name: string) => report.globals.find((one) => one.name === name);
    const [axis, distance] = [global("rotation axis"), global("distance")];
    return {
      ...{ path, key, ny, nx },
      direct: {
        ...(!isUndecided && { depthSign: value }),
        blur: report.blur,
        corrections,
        rotationAxis: axis ? axis.value - axis.start : 0,
        distance: distance ? distance.value / distance.start : 1,
      },
    };
  } finally {
    result.close();
  }
}

/** [y, x] NaN where one of the two is not known. */
function difference(direct: ParameterMap, conventional: ParameterMap): Float64Array {
  const isKnown = ({ status }: ParameterMap, v: number): boolean => !status || status[v] === STATUS.converged;
  return Float64Array.from(direct.values, (value, v) =>
    isKnown(direct, v) && isKnown(conventional, v) ? value - conventional.values[v]! : Number.NaN,
  );
}
