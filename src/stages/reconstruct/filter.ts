/**
 * The ramp filter of filtered back-projection, made in real space so that a flat object keeps its level:
 *
 *   h(0) = 1/4,   h(n) = 0 for even n,   h(n) = -1 / (pi n)^2 for odd n        (step 1)
 *
 * and then windowed in frequency. Sampling |frequency| itself would set the mean of every projection to 0.
 * Source: Kak & Slaney, Principles of Computerized Tomographic Imaging (1988), eq. 61; windows: the usual ones.
 */
import type { FilterName } from "./config.ts";

/** A transform length and what the filterRows kernel needs for it. */
export interface FourierPlan {
  readonly length: number;
  readonly radices: Int32Array;
  readonly twiddles: Float32Array;
  /** [length] frequency index that lies at each place of the forward transform's result */
  readonly order: Int32Array;
}

/** The shortest length of radices 4, 3 and 2 in which rows of `translations` do not wrap onto themselves. */
export function planFourier(translations: number): FourierPlan {
  let length = 2 * translations - 1;
  while (!factorise(length)) length++;
  const radices = Int32Array.from(factorise(length)!);
  return { length, radices, twiddles: makeTwiddles(length, radices), order: digitReversal(length, radices) };
}

function factorise(length: number): number[] | undefined {
  const radices: number[] = [];
  let rest = length;
  for (const radix of [4, 3, 2]) {
    for (; rest % radix === 0; rest /= radix) radices.push(radix);
  }
  return rest === 1 ? radices : undefined;
}

function makeTwiddles(length: number, radices: Int32Array): Float32Array {
  const twiddles: number[] = [];
  let block = length;
  for (const radix of radices) {
    for (let j = 0; j < block / radix; j++) {
      for (let m = 1; m < radix; m++) {
        const angle = (2 * Math.PI * j * m) / block;
        twiddles.push(Math.cos(angle), -Math.sin(angle));
      }
    }
    block /= radix;
  }
  return Float32Array.from(twiddles);
}

/** Decimation in frequency sends output m of the first stage to the m-th block: the first radix is the fastest digit. */
function digitReversal(length: number, radices: Int32Array): Int32Array {
  return Int32Array.from({ length }, (_, place) => {
    let block = length;
    let frequency = 0;
    let weight = 1;
    let rest = place;
    for (const radix of radices) {
      block /= radix;
      frequency += Math.floor(rest / block) * weight;
      rest %= block;
      weight *= radix;
    }
    return frequency;
  });
}

/** h(n), n = 0 to translations - 1; even in n. */
export function rampKernel(translations: number): Float64Array {
  return Float64Array.from({ length: translations }, (_, n) => {
    if (n === 0) return 1 / 4;
    return n % 2 === 0 ? 0 : -1 / (Math.PI * n) ** 2;
  });
}

/** The window at a frequency, 0 to 1 of the cut-off; 0 beyond. */
export function filterWindow(name: FilterName, x: number): number {
  if (x > 1 + 1e-12) return 0;
  switch (name) {
    case "ram-lak":
      return 1;
    case "shepp-logan":
      return x === 0 ? 1 : Math.sin((Math.PI * x) / 2) / ((Math.PI * x) / 2);
    case "cosine":
      return Math.cos((Math.PI * x) / 2);
    case "hamming":
      return 0.54 + 0.46 * Math.cos(Math.PI * x);
    case "hann":
      return 0.5 + 0.5 * Math.cos(Math.PI * x);
  }
}

/** [length / 2 + 1] of the windowed ramp at frequency k / length. */
export function rampSpectrum(name: FilterName, cutoff: number, translations: number, length: number): Float64Array {
  const spectrum = evenTransform(rampKernel(translations), length);
  return spectrum.map((value, k) => value * filterWindow(name, (2 * k) / length / cutoff));
}

/**
 * [length / 2 + 1] of the kernel that carries the variance of the rays to the variance of the filtered projection
 * where it is looked up between its samples: the mean over the place within a step of the squared, linearly
 * interpolated filter. Exact for independent rays, on average over the places at which a voxel meets the angles.
 */
export function varianceSpectrum(ramp: Float64Array, translations: number, length: number): Float64Array {
  const h = new Float64Array(translations + 1);
  for (let n = 0; n < h.length; n++) {
    for (let k = 0; k < length; k++) {
      h[n]! += (ramp[Math.min(k, length - k)]! * Math.cos((2 * Math.PI * ((k * n) % length)) / length)) / length;
    }
  }
  // Integral of ((1 - t) h(n) + t h(n +- 1))^2 over the half step to either side of n.
  const variance = h.subarray(0, translations).map((here, n) => {
    const neighbours = [h[n + 1]!, h[Math.abs(n - 1)]!];
    return neighbours.reduce((sum, next) => sum + (7 * here * here + next * next + 4 * here * next) / 24, 0);
  });
  return evenTransform(variance, length);
}

/** Cosine transform of an even kernel given for n >= 0. */
function evenTransform(kernel: Float64Array, length: number): Float64Array {
  const cosines = Float64Array.from({ length }, (_, k) => Math.cos((2 * Math.PI * k) / length));
  return Float64Array.from({ length: Math.floor(length / 2) + 1 }, (_, k) => {
    let sum = kernel[0]!;
    for (let n = 1; n < kernel.length; n++) sum += 2 * kernel[n]! * cosines[(k * n) % length]!;
    return sum;
  });
}

/** The spectrum as the filterRows kernel wants it: in the transform's order, divided by the length. */
export function inTransformOrder(spectrum: Float64Array, { length, order }: FourierPlan): Float32Array {
  return Float32Array.from(order, (k) => spectrum[Math.min(k, length - k)]! / length);
}
