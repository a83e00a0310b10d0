import { element, text, translate } from "./svg.ts";

/** 1, 2 or 5 times a power of ten, about a quarter of the width. */
export function niceLengthMm(widthMm: number): number {
  const target = widthMm / 4;
  const power = 10 ** Math.floor(Math.log10(target));
  const mantissa = target / power;
  return power * (mantissa >= 5 ? 5 : mantissa >= 2 ? 2 : 1);
}

export function formatLength(mm: number): string {
  const tidy = (value: number): string => String(Number(value.toPrecision(3)));
  if (mm >= 1) return `${tidy(mm)} mm`;
  return mm >= 1e-3 ? `${tidy(mm * 1e3)} µm` : `${tidy(mm * 1e6)} nm`;
}

/** A bar below the image, so that it never hides data. */
export function scaleBar(widthMm: number, widthPx: number, x: number, y: number): string {
  const length = niceLengthMm(widthMm);
  const px = (length / widthMm) * widthPx;
  return element(
    "g",
    { transform: translate(x, y) },
    element("rect", { width: px, height: 5, fill: "black" }),
    text(formatLength(length), { x: px + 8, y: 7, "font-size": 12 }),
  );
}
