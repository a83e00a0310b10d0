/** FWHM of the strongest peak of a pattern, in the unit of x: at least two steps. A start, not a result. */
export function estimateWidth(x: Float64Array, y: Float64Array): number {
  let top = 0;
  for (let i = 1; i < y.length; i++) if (y[i]! > y[top]!) top = i;
  const sorted = Float64Array.from(y).sort();
  const floor = sorted[Math.floor(sorted.length / 4)]!;
  const half = (y[top]! + floor) / 2;
  let [low, high] = [top, top];
  while (low > 0 && y[low]! > half) low--;
  while (high < y.length - 1 && y[high]! > half) high++;
  const step = (x[x.length - 1]! - x[0]!) / (x.length - 1);
  return Math.max(x[high]! - x[low]! - step, 2 * step);
}
