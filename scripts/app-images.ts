/**
 * Draws the app's pictures for the documents: docs/images/app-*.png, from the demo's result and, where ../shared lies
 * beside the checkout, its CeO2 frame. `npm run demo && node --import tsx scripts/app-images.ts`, after a build. With a
 * second folder, that of a study with its results in out/, those of the study alone: `... app-images.ts xrdct-demo study`.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { hasShared, shared } from "../tests/shared.ts";
import { openApp } from "../tests/web/app.ts";

const images = join(import.meta.dirname, "../docs/images");
const demo = process.argv[2] ?? "xrdct-demo";
const study = process.argv[3];

interface Picture {
  readonly name: string;
  readonly hash: string;
  /** what must be there before it is taken */
  readonly prepare: (page: Page) => Promise<void>;
}

const whenQuiet = async (page: Page): Promise<void> => {
  await page.waitForLoadState("networkidle");
  await page.locator("[role=status]").first().waitFor({ state: "detached" });
  // the canvas draws a frame later
  await page.waitForTimeout(1500);
};

const PICTURES: readonly Picture[] = [
  {
    name: "explore",
    hash: '#/explore?file=cell.nxs&view={"map":"map/NMC532/weight_fraction","voxel":[46,22],"bins":[242,248]}',
    prepare: whenQuiet,
  },
  { name: "compare", hash: '#/explore?file=cell.nxs&view={"mode":"compare"}', prepare: whenQuiet },
  { name: "refine", hash: '#/refine?file=cell.nxs&view={"target":"voxel","voxel":[10,18]}', prepare: whenQuiet },
  { name: "compose", hash: "#/compose?file=cell.nxs", prepare: whenQuiet },
  {
    name: "run",
    hash: "#/run?file=scan/scan.yaml",
    async prepare(page) {
      await page.getByRole("button", { name: "start", exact: true }).click();
      await page.locator('[data-panel="preview"]', { hasText: "map" }).waitFor({ timeout: 180_000 });
      await page.waitForTimeout(4000);
    },
  },
  ...(hasShared
    ? [
        {
          name: "frames",
          hash: '#/frames?file=CeO2.cbf&view={"poni":"CeO2.poni","standard":"CeO2"}',
          prepare: whenQuiet,
        },
      ]
    : []),
];

const STUDY_PICTURES: readonly Picture[] = [
  {
    name: "study",
    hash: '#/study?file=out/study.nxs&view={"mode":"maps","quantity":"compare/NMC532/c","voxel":[40,60]}',
    prepare: whenQuiet,
  },
  {
    name: "study-places",
    hash: '#/study?file=out/study.nxs&view={"mode":"places","quantity":"lithium/NMC532/x","isRelative":true}',
    prepare: whenQuiet,
  },
  {
    name: "study-cycling",
    hash: '#/study?file=out/study.nxs&view={"cycling":"voltage-capacity"}',
    async prepare(page) {
      const plot = page.locator('[data-panel="study-cycling"]');
      await plot.scrollIntoViewIfNeeded();
      await whenQuiet(page);
      const box = (await plot.locator("canvas").boundingBox())!;
      await page.mouse.move(box.x + 0.45 * box.width, box.y + 0.4 * box.height);
      await page.waitForTimeout(1000);
    },
  },
];

async function take(served: string, { name, hash, prepare }: Picture): Promise<void> {
  const app = await openApp(served, { hash });
  try {
    await prepare(app.page);
    await app.page.screenshot({ path: join(images, `app-${name}.png`) });
  } finally {
    await app.close();
  }
}

if (study !== undefined) {
  for (const picture of STUDY_PICTURES) await take(study, picture);
  process.exit();
}

const folder = mkdtempSync(join(tmpdir(), "xrdct-images-"));
try {
  for (const part of ["cell.nxs", "scan"]) cpSync(join(demo, part), join(folder, part), { recursive: true });
  const frames = shared("data/detector/ndtomo_ceo2_71keV");
  if (existsSync(frames)) cpSync(frames, folder, { recursive: true });
  for (const picture of PICTURES) await take(folder, picture);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
