/** The little of SVG that the figures need, as text: pure, the same in Node and in a browser. */
export type Attributes = Record<string, string | number | undefined>;

export function element(name: string, attributes: Attributes = {}, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeText(typeof value === "number" ? round(value) : String(value))}"`)
    .join("");
  return children.length ? `<${name}${written}>${children.join("")}</${name}>` : `<${name}${written}/>`;
}

export const text = (content: string, attributes: Attributes): string =>
  element("text", attributes, escapeText(content));

/** Shortened to what fits into a width in pixels; letters of the figures' font are 0.6 of its size wide. */
export function cut(content: string, width: number, fontSize: number): string {
  const most = Math.max(8, Math.floor(width / (0.6 * fontSize)));
  return content.length <= most ? content : `${content.slice(0, most - 1).trimEnd()}…`;
}

/** Chromium blurs what SVG calls optimizeSpeed; the rule is one that resvg, which does not, passes over. */
export const CRISP = "<style>@media all{image[image-rendering=optimizeSpeed]{image-rendering:pixelated}}</style>";

export function document(width: number, height: number, ...children: readonly string[]): string {
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    "font-family": "DejaVu Sans, sans-serif",
    "font-size": 12,
  };
  return element("svg", attributes, CRISP, element("rect", { width, height, fill: "white" }), ...children);
}

/** Units of a printed figure: so many are the size of its text. */
export const UNITS = 12;
const MM_PER_PT = 25.4 / 72;

/** Millimetres on paper in units of a figure whose text has so many points. */
export const unitsOfMm = (mm: number, fontPt: number): number => (mm / MM_PER_PT) * (UNITS / fontPt);

/** A document for print: its size is told in millimetres. @param width units; height likewise */
export function printDocument(
  { width, height, fontPt }: { readonly width: number; readonly height: number; readonly fontPt: number },
  ...children: readonly string[]
): string {
  const mm = (units: number): string => `${Number(((units * fontPt * MM_PER_PT) / UNITS).toFixed(3))}mm`;
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    width: mm(width),
    height: mm(height),
    viewBox: `0 0 ${width.toFixed(2)} ${height.toFixed(2)}`,
    "font-family": "DejaVu Sans, sans-serif",
    "font-size": UNITS,
  };
  return element("svg", attributes, CRISP, ...children);
}

export const translate = (x: number, y: number): string => `translate(${round(x)},${round(y)})`;

const round = (value: number): string => String(Math.round(value * 100) / 100);
/** Control characters are not allowed in XML. */
const escapeText = (value: string): string =>
  value
    .replace(/\p{Cc}/gu, " ")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
