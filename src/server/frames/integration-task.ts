/** A frame to its pattern or cake, as `xrdct integrate` does it. */
import { statSync } from "node:fs";
import { type Axis, type FrameArray, joinMasks, noCountFrom } from "../../data/index.ts";
import { version } from "../../data/version.ts";
import { formatPatternCsv, formatXye } from "../../files/pattern-text.ts";
import { gapMask } from "../../geometry/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import { createIntegrator, IntegrateConfig, type Integrator } from "../../stages/integrate/index.ts";
import { parseRequest } from "../parse-request.ts";
import { buildMask } from "./frame-mask.ts";
import type { FrameTasks } from "./frame-tasks.ts";
import { frameOf, sourceOf, stateOf } from "./opened-frames.ts";

type Ask = FrameTasks["integrate"]["ask"];

interface Ready {
  readonly kernels: Kernels;
  readonly empty: number;
  made?: { readonly key: string; readonly integrator: Integrator };
}
/** A cake and a pattern of the same frame are asked for in turns: each keeps its tables. */
const ready: { pattern?: Ready; cake?: Ready } = {};

export async function integrate(ask: Ask): Promise<FrameTasks["integrate"]["reply"]> {
  const frame = await frameOf(ask);
  const { axis, chiDeg, ...integrator } = await integratorFor(ask);
  const { intensity, sigma } = integrator.integrate([ask.mask.invalid ? withGaps(frame.data) : frame.data]);
  return { axis: axis.values, intensity, sigma, ...(chiDeg && { chiDeg }) };
}

/** The numbers that stand for no count as negative ones, which integrating leaves out by itself. */
function withGaps(counts: FrameArray): FrameArray {
  const limit = noCountFrom(counts);
  // of uint32 they are negative already, as int32
  if (limit === Number.POSITIVE_INFINITY || counts instanceof Uint32Array || !counts.some((count) => count >= limit))
    return counts;
  const marked = Int32Array.from(counts);
  for (let i = 0; i < marked.length; i++) if (marked[i]! >= limit) marked[i] = -1;
  return marked;
}

export async function patternText({ format, ...ask }: FrameTasks["patternText"]["ask"]): Promise<string> {
  const { axis: values, intensity, sigma } = await integrate(ask);
  const axis: Axis = { unit: ask.options.axis ?? "two-theta", values };
  const pattern = { axis, intensity, sigma };
  if (format === "csv") return formatPatternCsv(pattern);
  return formatXye(pattern, [`integrated by xrdct ${version} from ${ask.name}, frame ${ask.frame}`]);
}

async function integratorFor(ask: Ask): Promise<Integrator> {
  const { mask, poni, options } = ask;
  const config = parseRequest(IntegrateConfig, options);
  const slot = config.chiBins === null ? "pattern" : "cake";
  if (!ready[slot]) {
    const kernels = loadKernels();
    ready[slot] = { kernels, empty: kernels.arena.mark() };
  }
  const own = ready[slot];
  const source = await sourceOf(ask);
  const frame = await frameOf(ask);
  // pixels without a count are left out frame by frame while integrating: in the tables they would be so for all frames
  const { invalid: _, ...fixed } = mask;
  const byCount = fixed.below !== undefined || fixed.above !== undefined || fixed.isSwapped === true;
  const maskFrom = mask.file && statSync(mask.file).mtimeMs; // it may be drawn and saved again
  const key = JSON.stringify([
    ask.path,
    ask.dataset,
    poni,
    byCount ? mask : fixed,
    maskFrom,
    config,
    [frame.rows, frame.cols],
    byCount && [ask.frame, stateOf(ask)],
  ]);
  if (own.made?.key === key) return own.made.integrator;
  delete own.made;
  own.kernels.arena.release(own.empty);
  const whole = await buildMask(frame, joinMasks(source.mask, gapMask(poni, frame)), byCount ? mask : fixed);
  const integrator = createIntegrator(own.kernels, { poni, shape: frame, config, ...(whole && { mask: whole }) });
  own.made = { key, integrator };
  return integrator;
}
