/** The image that analysis works on: [line, channel, point], normalised, finite everywhere, channels of equal noise. */
import { quantile } from "../../fit/index.ts";
import type { PatternSummary } from "./summary.ts";

export interface WorkingImage {
  readonly lines: number;
  readonly channels: number;
  readonly points: number;
  readonly data: Float64Array;
}

/** Mean normalised intensity of each group of bins; NaN where a pattern is missing. @param factor [line, point] */
export function channelImage(summary: PatternSummary, factor: Float64Array): WorkingImage {
  const { lines, points, channels } = summary;
  const data = new Float64Array(lines * channels * points);
  for (let l = 0; l < lines; l++) {
    for (let p = 0; p < points; p++) {
      for (let c = 0; c < channels; c++) {
        const at = (l * points + p) * channels + c;
        data[(l * channels + c) * points + p] =
          summary.count[at]! > 0 ? (summary.sum[at]! / summary.count[at]!) * factor[l * points + p]! : Number.NaN;
      }
    }
  }
  return { lines, channels, points, data };
}

/** Lines picked, turned round and moved up by whole or broken steps; NaN where nothing was measured. */
export function arrangeImage(
  image: WorkingImage,
  lineOfAngle: Int32Array,
  turned: Uint8Array,
  shiftSteps: Float64Array,
): WorkingImage {
  const { channels, points } = image;
  const data = new Float64Array(lineOfAngle.length * channels * points);
  lineOfAngle.forEach((line, a) => {
    const whole = Math.floor(shiftSteps[a]! + 1e-9);
    const fraction = Math.max(0, shiftSteps[a]! - whole);
    for (let c = 0; c < channels; c++) {
      const from = (line * channels + c) * points;
      const at = (t: number): number =>
        t < 0 || t >= points ? Number.NaN : image.data[from + (turned[a] ? points - 1 - t : t)]!;
      for (let t = 0; t < points; t++) {
        const low = at(t - whole);
        const value = fraction < 1e-6 ? low : (1 - fraction) * low + fraction * at(t - whole - 1);
        data[(a * channels + c) * points + t] = value;
      }
    }
  });
  return { lines: lineOfAngle.length, channels, points, data };
}

/** NaN cells filled along the lines' order, linearly between the nearest finite ones; a channel without any becomes 0. */
export function fillImage(image: WorkingImage): WorkingImage {
  const { lines, channels, points } = image;
  const data = Float64Array.from(image.data);
  const stride = channels * points;
  for (let column = 0; column < stride; column++) {
    let last = -1;
    for (let l = 0; l <= lines; l++) {
      if (l < lines && !Number.isFinite(data[l * stride + column]!)) continue;
      const before = last >= 0 ? data[last * stride + column]! : undefined;
      const after = l < lines ? data[l * stride + column]! : undefined;
      for (let gap = last + 1; gap < l; gap++) {
        const share = (gap - last) / (l - last);
        data[gap * stride + column] =
          before !== undefined && after !== undefined ? before + share * (after - before) : (before ?? after ?? 0);
      }
      last = l;
    }
  }
  return { lines, channels, points, data };
}

/**
 * Points that neither the neighbouring lines nor the neighbours on their own line explain, brought down to what the
 * lines do, so that a hot spot does not decide the order or the axis. A whole line that jumped stays as it is.
 */
export function despikeImage(image: WorkingImage, reach: number): WorkingImage {
  const { lines, channels, points, data } = image;
  const out = Float64Array.from(data);
  const most = (l: number, c: number, from: number, to: number): number => {
    let value = -Infinity;
    const row = (l * channels + c) * points;
    for (let t = Math.max(0, from); t <= Math.min(points - 1, to); t++) value = Math.max(value, data[row + t]!);
    return value;
  };
  for (let c = 0; c < channels; c++) {
    for (let l = 0; l < lines; l++) {
      for (let t = 0; t < points; t++) {
        const at = (l * channels + c) * points + t;
        const beside = Math.max(most(l, c, t - 3, t - 2), most(l, c, t + 2, t + 3));
        if (!(data[at]! > 1.3 * Math.abs(beside))) continue;
        const before = most(l > 0 ? l - 1 : Math.min(lines - 1, 2), c, t - reach, t + reach);
        const after = most(l + 1 < lines ? l + 1 : Math.max(0, lines - 3), c, t - reach, t + reach);
        const limit = Math.min(before, after);
        if (data[at]! > 1.3 * Math.abs(limit)) out[at] = limit;
      }
    }
  }
  return { lines, channels, points, data: out };
}

/** Channels clipped at their 99.5 % quantile and divided by the root of their mean: equal noise where counts rule. */
export function balanceChannels(image: WorkingImage): WorkingImage {
  const { lines, channels, points } = image;
  const data = new Float64Array(image.data.length);
  const values = new Float64Array(lines * points);
  for (let c = 0; c < channels; c++) {
    for (let l = 0; l < lines; l++) {
      const from = (l * channels + c) * points;
      values.set(image.data.subarray(from, from + points), l * points);
    }
    const ceiling = quantile(values, 0.995);
    let mean = 0;
    for (let i = 0; i < values.length; i++) mean += Math.min(ceiling, Math.abs(values[i]!)) / values.length;
    const scale = mean > 0 ? 1 / Math.sqrt(mean) : 0;
    for (let l = 0; l < lines; l++) {
      for (let p = 0; p < points; p++) {
        const at = (l * channels + c) * points + p;
        data[at] = Math.min(ceiling, image.data[at]!) * scale;
      }
    }
  }
  return { lines, channels, points, data };
}

/** Sum over channels: [line, point]. */
export function totalImage({ lines, channels, points, data }: WorkingImage): Float64Array {
  const total = new Float64Array(lines * points);
  for (let l = 0; l < lines; l++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < points; p++)
        total[l * points + p] = total[l * points + p]! + data[(l * channels + c) * points + p]!;
  return total;
}

/** NaN where a pattern is missing, in place. @param missing [line, point] */
export function blankMissing(image: WorkingImage, missing: Uint8Array): WorkingImage {
  for (let l = 0; l < image.lines; l++)
    for (let p = 0; p < image.points; p++)
      if (missing[l * image.points + p])
        for (let c = 0; c < image.channels; c++) image.data[(l * image.channels + c) * image.points + p] = Number.NaN;
  return image;
}

/** One more channel, -ln T, that counts as much as all the others together. */
export function withAbsorption(image: WorkingImage, transmission: Float64Array): WorkingImage {
  const { lines, channels, points } = image;
  const data = new Float64Array(lines * (channels + 1) * points);
  let sharpness = 0;
  let own = 0;
  for (let l = 0; l < lines; l++) {
    data.set(image.data.subarray(l * channels * points, (l + 1) * channels * points), l * (channels + 1) * points);
    const to = (l * (channels + 1) + channels) * points;
    for (let p = 0; p < points; p++) {
      const value = -Math.log(transmission[l * points + p]!);
      data[to + p] = Number.isFinite(value) ? value : 0;
      if (p === 0) continue;
      own += (data[to + p]! - data[to + p - 1]!) ** 2;
      for (let c = 0; c < channels; c++) {
        const at = (l * channels + c) * points + p;
        sharpness += (image.data[at]! - image.data[at - 1]!) ** 2;
      }
    }
  }
  const scale = own > 0 ? Math.sqrt(sharpness / own) : 0;
  for (let l = 0; l < lines; l++)
    for (let p = 0; p < points; p++) {
      const at = (l * (channels + 1) + channels) * points + p;
      data[at] = data[at]! * scale;
    }
  return { lines, channels: channels + 1, points, data };
}
