import { closeSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { h5py, hasH5py } from "../../tests/h5py.ts";
import { tempFolder } from "../../tests/temp-folder.ts";
import { openHdf5 } from "./hdf5.ts";
import { createHdf5 } from "./hdf5-writer.ts";

const folder = tempFolder();
const shape = [7, 11, 23];
const values = Float32Array.from({ length: 7 * 11 * 23 }, (_, i) => Math.sin(i) * 1000);

async function write(name: string, chunks: number[], gzip = 0): Promise<string> {
  const path = join(folder, name);
  const file = await createHdf5(path);
  file.group("entry");
  // enough neighbours that the header and the tree do not come first
  for (let i = 0; i < 40; i++) file.attribute("entry", `text${i}`, "x".repeat(50));
  const data = file.slabs("entry/data", shape, "float32", { chunks, gzip });
  for (let i = 0; i < 12; i++) file.attribute("entry/data", `text${i}`, "y".repeat(80));
  data.writeSlab([0, 0, 0], shape, values);
  file.finish();
  return path;
}

/** The whole array, from the addresses alone. */
async function readByTable(path: string, dataset: string): Promise<Float32Array | undefined> {
  const hdf5 = await openHdf5(path);
  const file = openSync(path, "r");
  try {
    const table = hdf5.chunkTable(dataset, file);
    if (!table) return undefined;
    const { chunk, grid, addresses } = table;
    const [, nx, bins] = shape as [number, number, number];
    const [tall, wide, deep] = chunk as [number, number, number];
    const out = new Float32Array(values.length);
    const one = new Float32Array(1);
    for (let i = 0; i < out.length; i++) {
      const [y, x, bin] = [Math.floor(i / (nx * bins)), Math.floor(i / bins) % nx, i % bins];
      const index = (Math.floor(y / tall) * grid[1]! + Math.floor(x / wide)) * grid[2]! + Math.floor(bin / deep);
      readSync(file, one, 0, 4, addresses[index]! + 4 * (((y % tall) * wide + (x % wide)) * deep + (bin % deep)));
      out[i] = one[0]!;
    }
    return out;
  } finally {
    closeSync(file);
    hdf5.close();
  }
}

it.each([[[2, 11, 8]], [[7, 11, 23]], [[1, 1, 1]], [[3, 4, 5]]])("finds every chunk of %j", async (chunks) => {
  expect(await readByTable(await write(`chunks-${chunks.join("-")}.h5`, chunks), "entry/data")).toEqual(values);
});

it("leaves what is compressed to the library", async () => {
  expect(await readByTable(await write("gzip.h5", [3, 4, 5], 4), "entry/data")).toBeUndefined();
});

it("gives up on a damaged header or tree, and never reads beyond it", async () => {
  const path = await write("whole.h5", [3, 4, 5]);
  const bytes = readFileSync(path);
  const tree = bytes.indexOf("TREE");
  for (const [at, value] of [
    [tree, 0],
    [tree + 4, 7],
    [tree + 6, 255],
    [tree + 24, 99],
  ] as const) {
    const damaged = Buffer.from(bytes);
    damaged[at] = value;
    const name = join(folder, `damaged-${at}.h5`);
    writeFileSync(name, damaged);
    const table = await readByTable(name, "entry/data").catch(() => undefined);
    expect(table, `byte ${at}`).toBeUndefined();
  }
});

it.skipIf(!hasH5py)("finds the chunks of h5py's files, old and new (needs python3-h5py)", async () => {
  const script = (name: string, version: string): string => `
v = (np.frombuffer(open("${join(folder, "values.bin")}", "rb").read(), "<f4")).reshape(7, 11, 23)
with h5py.File("${join(folder, name)}", "w", libver="${version}") as f:
    f.create_dataset("entry/data", data=v, chunks=(2, 5, 6))
    f.create_dataset("big", data=v.astype(">f4"), chunks=(2, 5, 6))
`;
  writeFileSync(join(folder, "values.bin"), new Uint8Array(values.buffer));
  for (const [name, version] of [
    ["earliest.h5", "earliest"],
    ["latest.h5", "latest"],
  ] as const) {
    h5py(script(name, version));
    const found = await readByTable(join(folder, name), "entry/data");
    if (version === "earliest") expect(found).toEqual(values);
    // layout version 4: the library reads
    else expect(found).toBeUndefined();
    expect(await readByTable(join(folder, name), "big")).toBeUndefined();
  }
});
