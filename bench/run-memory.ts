/** Peak memory and CPU time of a whole run (patterns to maps) under two memory settings: 180 x 201 points, 800 bins. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHdf5 } from "../src/files/hdf5-writer.ts";

const [angles, translations, bins] = [180, 201, 800];
const folder = mkdtempSync(join(tmpdir(), "xrdct-memory-"));
const q = Float64Array.from({ length: bins }, (_, i) => 2.6 + (1.2 * i) / (bins - 1));
const peak = (at: number) => q.map((value) => Math.exp(-(((value - at) / 0.012) ** 2)));
const [host, rod] = [peak(3.1033), peak(3.0106)];

/** Chord of a disc, in steps. */
const chord = (s: number, centre: number, radius: number): number =>
  2 * Math.sqrt(Math.max(0, radius ** 2 - (s - centre) ** 2));

const file = await createHdf5(join(folder, "patterns.h5"));
const data = new Float32Array(angles * translations * bins);
for (let i = 0, at = 0; i < angles; i++) {
  const omega = (i * Math.PI) / angles;
  for (let t = 0; t < translations; t++) {
    const s = t - 100.3;
    const [a, b] = [chord(s, 0, 80), chord(s, 25 * Math.cos(omega) + 20 * Math.sin(omega), 30)];
    for (let bin = 0; bin < bins; bin++) data[at++] = 5 * (a * (host[bin]! + 0.1) + b * rod[bin]!) + 2;
  }
}
file.dataset("data", [angles, translations, bins], data);
file.dataset("q", [bins], q);
file.finish();
writeFileSync(
  join(folder, "scan.yaml"),
  `input: {kind: patterns, file: patterns.h5}
energyKeV: 80
map:
  regions:
    - {name: host, range: [3.06, 3.16], peaks: [{name: "200", d: 2.0246}]}
    - {name: rod, range: [2.96, 3.05], peaks: [{name: "111", d: 2.087}]}
`,
);

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const probe =
  "data:text/javascript,import{isMainThread as m}from'node:worker_threads';m&&process.on('exit',()=>{const u=process.resourceUsage();console.error('USED',u.maxRSS,(u.userCPUTime+u.systemCPUTime)/1e6)})";
for (const gigabytes of ["3", "0.3"]) {
  const output = join(folder, `result-${gigabytes}.nxs`);
  const args = ["--import", probe, main, "run", join(folder, "scan.yaml"), "-o", output, "--quiet", "--workers", "2"];
  const { stderr, status } = spawnSync(process.execPath, [...args, "--memory-gb", gigabytes], { encoding: "utf8" });
  const [, rss, cpu] = /USED (\S+) (\S+)/.exec(stderr) ?? [];
  if (status !== 0 || !existsSync(output)) throw new Error(stderr);
  const size = `${angles} x ${translations} x ${bins}`;
  console.log(
    `--memory-gb ${gigabytes}: ${size} to maps with a peak of ${(Number(rss) / 1e3).toFixed(0)} MB, ${Number(cpu).toFixed(1)} CPU-s`,
  );
}
rmSync(folder, { recursive: true });
