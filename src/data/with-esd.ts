/** 2.82205(4): the uncertainty in units of the last digits, two of them where it starts with 1. */
export function withEsd(value: number, esd: number | null): string {
  if (value === 0 && !(esd !== null && esd > 0)) return "0";
  if (esd === null || !(esd > 0))
    return Math.abs(value) >= 1e-3 && Math.abs(value) < 1e6 ? `${Number(value.toPrecision(7))}` : value.toPrecision(6);
  const size = Math.max(Math.abs(value), esd);
  // an esd in the last digits of a float64 says nothing: that of a fit without residuals
  if (!Number.isFinite(size) || esd < 1e-11 * size) return `${Number(value.toPrecision(12))}`;
  if (size < 1e-4 || size >= 1e15) {
    const power = Math.floor(Math.log10(size));
    return `${withEsd(value / 10 ** power, esd / 10 ** power)}e${power}`;
  }
  const exponent = Math.floor(Math.log10(esd));
  const digits = Math.max(0, (esd / 10 ** exponent < 1.95 ? 1 : 0) - exponent);
  const text = value.toFixed(digits).replace(/^-(?=0(\.0*)?$)/, "");
  return `${text}(${Math.round(esd * 10 ** digits)})`;
}
