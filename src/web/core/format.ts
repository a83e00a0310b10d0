/** Numbers as people read them. */

/** 6 significant digits; "no value" for NaN. */
export function formatValue(value: number | undefined, digits = 6): string {
  if (value === undefined || !Number.isFinite(value)) return "no value";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(Math.max(0, digits - 3));
  return String(Number(value.toPrecision(digits)));
}

export const withUnit = (text: string, unit: string): string => (unit ? `${text} ${unit}` : text);

/** With its unit; "no value" has none. */
export const valueText = (value: number | undefined, unit: string, digits = 6): string =>
  withUnit(formatValue(value, digits), Number.isFinite(value) ? unit : "");

export function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
