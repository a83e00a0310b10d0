/** Simulated rays kept on disk between benches: making them takes longer than reconstructing from them. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { benchData } from "../../bench/common.ts";
import { createPhantom, type PhantomName, type PhantomOptions, type PhantomScan, simulateRays } from "./phantoms.ts";

/** Goes up when phantoms.ts or the simulator gives other rays. */
const VERSION = 1;

/** [angle, translation, bin] of a phantom, from $XRDCT_BENCH/data where it was made before. */
export function cachedRays(name: PhantomName, options: PhantomOptions): { scan: PhantomScan; data: Float32Array } {
  const scan = createPhantom(name, options);
  const key = Object.entries(options).map(([option, value]) => `${option}-${value}`);
  const path = benchData(`dlsr/${[name, ...key].join("_")}_v${VERSION}.raw`);
  if (!existsSync(path)) {
    const data = simulateRays(scan);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    renameSync(`${path}.part`, path);
  }
  const bytes = readFileSync(path);
  return { scan, data: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4) };
}
