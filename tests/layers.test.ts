/** The architecture, and the only place where it is written: folder -> the only others it may import. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, it } from "vitest";

const PHYSICS = ["geometry", "projector", "crystal", "pattern", "fit", "refinement", "registration"];
const MAY_IMPORT: Record<string, string[]> = {
  data: [],
  kernels: ["data"],
  geometry: ["data", "kernels"],
  fit: ["data", "kernels"],
  crystal: ["data", "kernels"],
  projector: ["data", "kernels", "geometry"],
  gpu: ["data", "kernels", "projector"],
  pattern: ["data", "kernels", "crystal", "fit"],
  refinement: ["data", "kernels", "crystal", "pattern", "fit"],
  registration: ["data", "fit"],
  stages: ["data", "kernels", ...PHYSICS],
  files: ["data", "geometry", "crystal", "kernels"],
  pipeline: ["data", "kernels", ...PHYSICS, "gpu", "files", "stages"],
  server: ["data", "kernels", ...PHYSICS, "files", "stages", "pipeline"],
  cli: ["data", "kernels", ...PHYSICS, "gpu", "files", "stages", "pipeline", "server"],
  api: ["data", "kernels", ...PHYSICS, "files", "stages", "pipeline"],
  // pure functions and types alone: the rest is asked for over HTTP
  web: ["data", "geometry", "stages", "server"],
};
/** What the page may take of other folders. */
const IN_THE_PAGE = ["stages/figure", "server/wire"];
/** Folders that may touch files, clocks and processes. */
const MAY_USE_NODE = ["files", "pipeline", "cli", "server", "api"];
/** The page may, besides, ask for the time: it lives in a browser. */
const MAY_ASK_THE_TIME = [...MAY_USE_NODE, "web"];

const sources = (readdirSync("src", { recursive: true, encoding: "utf8" }) as string[]).filter(
  (file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file),
);
/** The room a file is in: its folder, or for stages the stage's own folder. */
const room = (file: string): string =>
  file
    .split("/")
    .slice(0, file.startsWith("stages/") ? 2 : 1)
    .join("/");
const layer = (file: string): string => file.split("/")[0]!;

/** @param kind "code": without what is imported for its types alone */
function imports(file: string, kind: "all" | "code" = "all"): string[] {
  const whole = readFileSync(join("src", file), "utf8");
  const text = kind === "all" ? whole : whole.replace(/^(?:import|export) type [^;]*;/gms, "");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, to]) => to!);
}

it.each(Object.entries(MAY_IMPORT))("src/%s imports only %j", (folder, allowed) => {
  const wrong: string[] = [];
  for (const file of sources.filter((f) => f.startsWith(`${folder}/`))) {
    for (const to of imports(file).filter((path) => path.startsWith("."))) {
      const target = normalize(join(dirname(file), to));
      if (target.startsWith("..")) continue;
      const isSameRoom = room(target) === room(file);
      if (!isSameRoom && !(layer(target) !== "stages" || folder !== "stages")) wrong.push(`${file} -> ${target}`);
      else if (!isSameRoom && layer(target) !== folder && !allowed.includes(layer(target)))
        wrong.push(`${file} -> ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

it("every folder of src is in the picture", () => {
  const folders = new Set(sources.filter((file) => file.includes("/")).map(layer));
  expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
});

it("the page carries only figures of the stages and nothing of the server; types cost nothing", () => {
  const wrong: string[] = [];
  for (const file of sources.filter((f) => f.startsWith("web/"))) {
    for (const to of imports(file, "code").filter((path) => path.startsWith("."))) {
      const target = normalize(join(dirname(file), to));
      const isPhysics = ["stages", "server"].includes(layer(target));
      if (isPhysics && !IN_THE_PAGE.some((start) => target.startsWith(start))) wrong.push(`${file} -> ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

it("physics touches no file, clock, worker or console", () => {
  const wrong: string[] = [];
  for (const file of sources.filter((f) => f.includes("/") && !MAY_USE_NODE.includes(layer(f)))) {
    const text = readFileSync(join("src", file), "utf8");
    if (imports(file).some((to) => to.startsWith("node:"))) wrong.push(`${file}: node module`);
    if (MAY_ASK_THE_TIME.includes(layer(file))) continue;
    if (/\b(Date\.now|performance\.now|Math\.random|console\.)/.test(text))
      wrong.push(`${file}: clock, chance or console`);
  }
  expect(wrong).toEqual([]);
});

it("kernels write nowhere but where they are told: threads share a module's own memory", () => {
  const room = sources.filter((file) => file.startsWith("kernels/assembly/")).map((file) => join("src", file));
  const reserved = /\bmemory\.data\(|\bheap\.|\bnew \w|\bstatic +\w+ *[:=]/;
  expect(room.length).toBeGreaterThan(10);
  expect(
    room.filter((file) => reserved.test(readFileSync(file, "utf8").replace(/\/\/.*|\/\*[\s\S]*?\*\//g, ""))),
  ).toEqual([]);
});
