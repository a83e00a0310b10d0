/** Frames to an animated GIF, the one film format that slides, mails and browsers all play. */
import { createRequire } from "node:module";
import { decode } from "fast-png";
import { InputError } from "../data/index.ts";

type Palette = number[][];

/** What is taken of the library, which brings no types and is CommonJS. */
interface Gifenc {
  GIFEncoder(): {
    writeFrame(
      index: Uint8Array,
      width: number,
      height: number,
      options: { palette?: Palette; delay?: number; repeat?: number },
    ): void;
    finish(): void;
    bytes(): Uint8Array;
  };
  quantize(rgba: Uint8Array, colours: number): Palette;
  applyPalette(rgba: Uint8Array, palette: Palette): Uint8Array;
}
const gifenc = createRequire(import.meta.url)("gifenc") as Gifenc;

export interface FilmOptions {
  /** that each frame is shown; GIF counts in hundredths of a second */
  readonly delayMs: number;
  /** that the last frame is shown before the film starts again; left out: as the others */
  readonly lastDelayMs?: number;
}

/** Pixels that the palette is made from, of all frames together. */
const SAMPLES = 400_000;

/**
 * A film that repeats for ever. One palette of 256 colours serves all frames, so that a colour means the same in each.
 *
 * @param frames PNGs of one size
 * @throws InputError "film-empty" | "film-size"
 */
export function encodeGif(frames: readonly Uint8Array[], { delayMs, lastDelayMs = delayMs }: FilmOptions): Uint8Array {
  if (frames.length === 0) throw new InputError("film-empty", "A film needs at least one frame, and there is none.");
  const { width, height } = decode(frames[0]!);
  const palette = gifenc.quantize(samplesOf(frames, width, height), 256);
  const film = gifenc.GIFEncoder();
  for (const [k, png] of frames.entries()) {
    const index = gifenc.applyPalette(pixelsOf(png, k, width, height), palette);
    const delay = k === frames.length - 1 ? lastDelayMs : delayMs;
    film.writeFrame(index, width, height, { delay, ...(k === 0 && { palette, repeat: 0 }) });
  }
  film.finish();
  return film.bytes();
}

/** [pixel, rgba] */
function pixelsOf(png: Uint8Array, k: number, width: number, height: number): Uint8Array {
  const image = decode(png);
  if (image.width !== width || image.height !== height) {
    throw new InputError(
      "film-size",
      `Frame ${k} is ${image.width} x ${image.height} pixels and frame 0 is ${width} x ${height}: a film needs frames of one size.`,
    );
  }
  const pixels = image.width * image.height;
  if (image.channels === 4) return Uint8Array.from(image.data);
  const out = new Uint8Array(4 * pixels).fill(255);
  const step = image.channels;
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < 3; c++) out[4 * i + c] = image.data[i * step + (step >= 3 ? c : 0)]!;
  }
  return out;
}

/** Evenly from all frames. */
function samplesOf(frames: readonly Uint8Array[], width: number, height: number): Uint8Array {
  const each = Math.max(1, Math.floor(SAMPLES / frames.length));
  const stride = Math.max(1, Math.floor((width * height) / each));
  const parts = frames.map((png, k) => {
    const rgba = pixelsOf(png, k, width, height);
    const count = Math.ceil((width * height) / stride);
    const out = new Uint8Array(4 * count);
    for (let i = 0; i < count; i++) out.set(rgba.subarray(4 * i * stride, 4 * i * stride + 4), 4 * i);
    return out;
  });
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
