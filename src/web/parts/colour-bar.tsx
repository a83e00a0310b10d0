/** What the colours of an image stand for: ramp, ticks with as many digits as they need, name and unit. */
import { scaleLinear, scaleLog } from "d3-scale";
import { useMemo } from "react";
import { COLOUR_MAPS, type ColourMapName } from "../../stages/figure/index.ts";
import type { ColourTransform } from "./colours.ts";

interface Props {
  /** values of the ends, as safeLimits gives them */
  readonly domain: readonly [number, number];
  readonly transform: ColourTransform;
  readonly colourMap: ColourMapName;
  /** "c (Å)" */
  readonly label: string | undefined;
}

const FORWARD = { linear: (v: number) => v, sqrt: Math.sqrt, log: Math.log10 } as const;
const STOPS = Array.from({ length: 17 }, (_, i) => i / 16);

export function ColourBar({ domain: [lo, hi], transform, colourMap, label }: Props) {
  const ticks = useMemo(() => {
    const forward = FORWARD[transform];
    return ticksOf(lo, hi, transform).map((tick) => ({
      ...tick,
      share: (forward(tick.value) - forward(lo)) / (forward(hi) - forward(lo)),
    }));
  }, [lo, hi, transform]);
  const ramp = `linear-gradient(to top, ${STOPS.map((t) => COLOUR_MAPS[colourMap](t)).join(", ")})`;
  return (
    <div className="plot-bar" data-limits={`${lo} ${hi}`}>
      <div className="plot-bar-ramp" style={{ background: ramp }} />
      <div className="plot-bar-ticks">
        {/* the widest label makes the room */}
        <span className="plot-bar-room">{ticks.reduce((a, { text }) => (text.length > a.length ? text : a), "")}</span>
        {ticks.map(({ value, text, share }) => (
          <span key={value} style={{ bottom: `${100 * share}%` }}>
            {text}
          </span>
        ))}
      </div>
      <span className="plot-bar-label">{label}</span>
    </div>
  );
}

function ticksOf(lo: number, hi: number, transform: ColourTransform): { value: number; text: string }[] {
  if (transform === "log" && hi / lo >= 10) {
    const scale = scaleLog([lo, hi], [0, 1]);
    const steps = hi / lo < 300 ? [1, 2, 5] : [1];
    const isShown = (v: number): boolean =>
      steps.some((s) => Math.abs(v / 10 ** Math.floor(Math.log10(v) + 1e-9) - s) < 1e-6);
    const format = scale.tickFormat(Number.POSITIVE_INFINITY, "~g");
    return scale
      .ticks(20)
      .filter(isShown)
      .map((value) => ({ value, text: format(value) }));
  }
  const scale = scaleLinear([lo, hi], [0, 1]);
  return scale.ticks(6).map((value) => ({ value, text: tickText(value, hi - lo) }));
}

/** As many digits as tell ticks of a span apart, and powers of ten where that is shorter. */
export function tickText(value: number, span: number): string {
  const size = Math.max(Math.abs(value), span);
  if (size > 0 && (size >= 1e6 || size < 1e-3)) {
    if (value === 0) return "0";
    const digits = Math.max(1, Math.ceil(Math.log10(Math.abs(value) / span)) + 3);
    return Number(value.toPrecision(Math.min(15, digits)))
      .toExponential()
      .replace("e+", "e");
  }
  const decimals = Math.min(12, Math.max(0, 2 - Math.floor(Math.log10(span))));
  return String(Number(value.toFixed(decimals)));
}
