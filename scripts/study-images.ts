/**
 * Puts figures of the worked study into the documents, smaller than they are printed: docs/images/study-*.png.
 *
 *   npx xrdct simulate study -o study && npx xrdct study study/study.yaml -o study/out
 *   node --import tsx scripts/study-images.ts study/out
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { svgToPng } from "../src/files/svg-to-png.ts";

const FIGURES = ["lithium", "profiles-heterogeneity"];
/** Of 180 mm at 96 dpi: about 780 pixels wide. */
const SCALE = 1.15;

const images = join(import.meta.dirname, "../docs/images");
const [output = "study/out"] = process.argv.slice(2);
for (const name of FIGURES) {
  const svg = readFileSync(join(output, "figures", `${name}.svg`), "utf8");
  writeFileSync(join(images, `study-${name}.png`), await svgToPng(svg, SCALE));
}
