/** From a model that was tried on a voxel to a run: the model and a scan.yaml that names it, beside the scan. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readText } from "../../files/byte-source.ts";
import { parseYamlDocument } from "../../files/yaml.ts";
import { writeWhole } from "../../pipeline/write-whole.ts";
import type { ServedFolder } from "../served-folder.ts";
import type { StartReply, StartRequest } from "../wire-refine.ts";
import { moveModelText } from "./model-edit.ts";
import { loadModelText } from "./model-text.ts";

/**
 * Leaves the scan and its model as they are, and writes two files beside them.
 *
 * @throws InputError of the model, "yaml-syntax" of the scan
 */
export function prepareMap({ scan, text, folder }: StartRequest, served: ServedFolder): StartReply {
  const path = served.existing(scan);
  loadModelText({ text, folder }, served);
  const { document } = parseYamlDocument(readText(path), scan);
  const place = dirname(path);
  const stem = basename(path).replace(/\.ya?ml$/i, "");
  const number = firstFree((n) =>
    [`${stem}-model-${n}.yaml`, `${stem}-refined-${n}.yaml`].map((name) => join(place, name)),
  );
  const [model, next] = [`${stem}-model-${number}.yaml`, `${stem}-refined-${number}.yaml`];
  // a scan that mapped peaks goes on mapping them, beside the phases
  document.setIn(["map", "rietveld", "model"], model);
  const modelPath = served.target(served.nameOf(join(place, model)));
  const scanPath = served.target(served.nameOf(join(place, next)));
  writeWhole(modelPath, moveModelText({ text, folder }, modelPath, served));
  writeWhole(scanPath, document.toString({ lineWidth: 110 }));
  return { scan: served.nameOf(scanPath), model: served.nameOf(modelPath) };
}

function firstFree(paths: (n: number) => string[]): number {
  for (let n = 1; ; n++) if (!paths(n).some((path) => existsSync(path))) return n;
}
