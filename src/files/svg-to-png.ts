/** SVG to PNG with resvg (WebAssembly) and one bundled font, so that figures look the same on every machine. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { inflateSync } from "node:zlib";
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import { InputError } from "../data/index.ts";

let ready: Promise<{ fonts: Uint8Array[] }> | undefined;

/** Of one PNG; above it the memory of a WebAssembly module ends. */
const MOST_PIXELS = 100e6;

/**
 * Nothing outside of the SVG is read: no files, no addresses, no entities.
 *
 * @param scale pixels of the PNG for one unit of the SVG
 * @throws InputError "svg-not-readable" | "figure-too-large"
 */
export async function svgToPng(svg: string, scale = 2): Promise<Uint8Array> {
  ready ??= load();
  const { fonts } = await ready;
  const font = {
    fontBuffers: fonts,
    defaultFontFamily: "DejaVu Sans",
    sansSerifFamily: "DejaVu Sans",
    loadSystemFonts: false,
  };
  const figure = parse(svg, { fitTo: { mode: "zoom", value: scale }, background: "white", font });
  const [width, height] = [figure.width * scale, figure.height * scale];
  if (width * height <= MOST_PIXELS) return figure.render().asPng();
  throw new InputError(
    "figure-too-large",
    `The figure would have ${Math.round(width)} x ${Math.round(height)} pixels, more than the ${MOST_PIXELS / 1e6} million of one PNG. Save it as SVG, or take a smaller scale.`,
  );
}

function parse(svg: string, options: ConstructorParameters<typeof Resvg>[1]): InstanceType<typeof Resvg> {
  try {
    return new Resvg(svg, options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InputError("svg-not-readable", `The figure is no SVG that can be drawn: ${why}.`);
  }
}

async function load(): Promise<{ fonts: Uint8Array[] }> {
  const require = createRequire(import.meta.url);
  await initWasm(readFileSync(require.resolve("@resvg/resvg-wasm/index_bg.wasm")));
  const files = ["dejavu-sans-latin-400-normal.woff", "dejavu-sans-latin-700-normal.woff"];
  return {
    fonts: files.map((file) => woffToSfnt(readFileSync(require.resolve(`@fontsource/dejavu-sans/files/${file}`)))),
  };
}

/**
 * WOFF 1.0 is an OpenType font with its tables deflated one by one; resvg wants it plain.
 *
 * Source: W3C Recommendation "WOFF File Format 1.0" (2012).
 */
export function woffToSfnt(woff: Uint8Array): Uint8Array {
  const view = new DataView(woff.buffer, woff.byteOffset, woff.byteLength);
  if (view.getUint32(0) !== 0x774f4646) throw new Error("not a WOFF font");
  const count = view.getUint16(12);
  const out = new Uint8Array(view.getUint32(16));
  const sfnt = new DataView(out.buffer);
  sfnt.setUint32(0, view.getUint32(4));
  const power = Math.floor(Math.log2(count));
  for (const [at, value] of [count, 16 << power, power, (count - (1 << power)) * 16].entries())
    sfnt.setUint16(4 + 2 * at, value);
  let end = 12 + 16 * count;
  for (let i = 0; i < count; i++) {
    const entry = 44 + 20 * i;
    const [offset, packed, length] = [view.getUint32(entry + 4), view.getUint32(entry + 8), view.getUint32(entry + 12)];
    const table = woff.subarray(offset, offset + packed);
    out.set(packed < length ? inflateSync(table) : table, end);
    const record = 12 + 16 * i;
    for (const [at, value] of [view.getUint32(entry), view.getUint32(entry + 16), end, length].entries())
      sfnt.setUint32(record + 4 * at, value);
    end += Math.ceil(length / 4) * 4;
  }
  return out;
}
