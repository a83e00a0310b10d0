/**
 * |F|^2 of a phase's reflections, as every iteration of every voxel asks for it: with its slope for a moved cell
 * (evaluate), after a site has moved (setSites), and one derivative. CPU microseconds a call, minimum of the repeats.
 * Peer: cctbx's direct summation in the same run (all sums anew each time; it has no cheaper way for a moved cell).
 */
import { execFileSync } from "node:child_process";
import { builtInStructure, createStructureFactors, type PhaseName, reflections } from "../src/crystal/index.ts";
import { report, time } from "./common.ts";

const CALLS = 2000;
const REPEATS = 15;
const D_MIN = 0.75;
const CCTBX = `
import json, sys, time
import iotbx.cif
from cctbx import miller
from cctbx.array_family import flex
structure = list(iotbx.cif.reader(file_path=sys.argv[1]).build_crystal_structures().values())[0]
structure.scattering_type_registry(table="wk1995")
indices = miller.build_set(structure, anomalous_flag=False, d_min=float(sys.argv[2]))
def run():
    start = time.process_time()
    for _ in range(100):
        f = indices.structure_factors_from_scatterers(structure, algorithm="direct").f_calc()
        flex.norm(f.data())
    return (time.process_time() - start) / 100 * 1e6
run()
print(json.dumps([min(run() for _ in range(10)), indices.size()]))`;

function peer(name: string): [number, number] | undefined {
  try {
    const file = new URL(`../phases/${name}.cif`, import.meta.url).pathname;
    return JSON.parse(
      execFileSync("/usr/bin/python3", ["-c", CCTBX, file, String(D_MIN)], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }),
    );
  } catch {
    return undefined;
  }
}

for (const name of ["NMC532", "Al2O3", "LiC12", "LTO"] satisfies PhaseName[]) {
  const structure = builtInStructure(name);
  const list = reflections(structure, D_MIN);
  const factors = createStructureFactors(structure, list);
  const s2 = Float64Array.from(list, ({ dA }) => 1 / (4 * dA * dA));
  const [fSquared, slope] = [new Float64Array(list.length), new Float64Array(list.length)];
  const last = structure.sites.length - 1;
  const moved = structure.sites.map((site, j) => (j === last ? { ...site, z: site.z + 1e-4 } : site));
  const micro = async (work: () => void, calls: number): Promise<number> => {
    const { cpuMs } = await time(() => {
      for (let i = 0; i < calls; i++) work();
    }, REPEATS);
    return (Math.min(...cpuMs) / calls) * 1e3;
  };
  let flip = false;
  const evaluateUs = await micro(() => factors.evaluate(s2, fSquared, slope), CALLS);
  const setSitesUs = await micro(() => {
    flip = !flip;
    factors.setSites(flip ? moved : structure.sites);
  }, CALLS / 10);
  const derivativeUs = await micro(() => factors.derivative(last, [0, 0, 1], s2, slope), CALLS / 10);
  const cctbx = peer(name);
  report({
    bench: "structure-factors",
    phase: name,
    reflections: list.length,
    sites: structure.sites.length,
    evaluateUs: Number(evaluateUs.toFixed(1)),
    setSitesUs: Number(setSitesUs.toFixed(1)),
    derivativeUs: Number(derivativeUs.toFixed(1)),
    ...(cctbx
      ? { cctbxUs: Number(cctbx[0].toFixed(1)), cctbxPerEvaluate: Number((cctbx[0] / evaluateUs).toFixed(1)) }
      : {}),
  });
}
