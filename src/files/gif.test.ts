import { encode } from "fast-png";
import { expect, it } from "vitest";
import { encodeGif } from "./gif.ts";

const [WIDTH, HEIGHT] = [37, 23];
/** Flat areas of few colours, and a ramp. */
const frame = (k: number): { png: Uint8Array; rgb: (x: number, y: number) => [number, number, number] } => {
  const rgb = (x: number, y: number): [number, number, number] =>
    y < 8 ? [255, 255, 255] : y < 16 ? [10 * k, 40, 200] : [Math.round((255 * x) / WIDTH), 60, 30];
  const data = new Uint8Array(WIDTH * HEIGHT * 4);
  for (let y = 0; y < HEIGHT; y++) for (let x = 0; x < WIDTH; x++) data.set([...rgb(x, y), 255], 4 * (y * WIDTH + x));
  return { png: encode({ width: WIDTH, height: HEIGHT, data, channels: 4 }), rgb };
};

/** Reads what the GIF89a specification says, block by block; no part of the library that writes. */
function decodeGif(bytes: Uint8Array) {
  const word = (at: number): number => bytes[at]! + 256 * bytes[at + 1]!;
  expect(new TextDecoder().decode(bytes.subarray(0, 6))).toBe("GIF89a");
  const colours = 2 << (bytes[10]! & 7);
  const palette = bytes.subarray(13, 13 + 3 * colours);
  let at = 13 + 3 * colours;
  const frames: Uint8Array[] = [];
  const delays: number[] = [];
  let repeats = -1;
  while (bytes[at] !== 0x3b) {
    if (bytes[at] === 0x21) {
      const kind = bytes[at + 1];
      if (kind === 0xf9) delays.push(10 * word(at + 4));
      if (kind === 0xff) repeats = word(at + 16);
      at += 2;
      while (bytes[at] !== 0) at += bytes[at]! + 1;
      at++;
    } else {
      expect([word(at + 5), word(at + 7)]).toEqual([WIDTH, HEIGHT]);
      expect(bytes[at + 9]! & 0x80).toBe(0); // no palette of its own
      const least = bytes[at + 10]!;
      at += 11;
      const data: number[] = [];
      while (bytes[at] !== 0) {
        data.push(...bytes.subarray(at + 1, at + 1 + bytes[at]!));
        at += bytes[at]! + 1;
      }
      at++;
      frames.push(unpack(data, least));
    }
  }
  return { palette, frames, delays, repeats };
}

/** Lempel-Ziv-Welch with codes of growing length, as in appendix F of the specification. */
function unpack(data: readonly number[], least: number): Uint8Array {
  const [clear, end] = [1 << least, (1 << least) + 1];
  let table: number[][] = [];
  let [size, bit] = [least + 1, 0];
  const reset = (): void => {
    table = [...Array.from({ length: clear }, (_, i) => [i]), [], []];
    size = least + 1;
  };
  const out: number[] = [];
  let before: number[] | undefined;
  for (;;) {
    let code = 0;
    for (let i = 0; i < size; i++, bit++) code |= ((data[bit >> 3]! >> (bit & 7)) & 1) << i;
    if (code === end) return Uint8Array.from(out);
    if (code === clear) {
      reset();
      before = undefined;
      continue;
    }
    const entry: number[] = table[code] ?? [...before!, before![0]!];
    out.push(...entry);
    if (before && table.length < 4096) table.push([...before, entry[0]!]);
    if (table.length === 1 << size && size < 12) size++;
    before = entry;
  }
}

it("writes a film that another reader takes apart: frames, times, colours", () => {
  const frames = [0, 1, 2].map(frame);
  const film = decodeGif(
    encodeGif(
      frames.map(({ png }) => png),
      { delayMs: 200, lastDelayMs: 600 },
    ),
  );
  expect(film.delays).toEqual([200, 200, 600]);
  expect(film.repeats).toBe(0);
  let worst = 0;
  film.frames.forEach((index, k) => {
    expect(index.length).toBe(WIDTH * HEIGHT);
    index.forEach((colour, i) => {
      const wanted = frames[k]!.rgb(i % WIDTH, Math.floor(i / WIDTH));
      wanted.forEach((value, c) => {
        worst = Math.max(worst, Math.abs(film.palette[3 * colour + c]! - value));
      });
    });
  });
  expect(worst).toBeLessThan(17);
});

it("refuses frames of different sizes, and none", () => {
  const other = encode({ width: 3, height: 3, data: new Uint8Array(36), channels: 4 });
  expect(() => encodeGif([frame(0).png, other], { delayMs: 100 })).toThrow(/Frame 1 is 3 x 3/);
  expect(() => encodeGif([], { delayMs: 100 })).toThrow(/at least one frame/);
});
