/**
 * Draws the app's pictures for the documents: docs/images/app-*.png, from the demo's result and, where ../shared lies
 * beside the checkout, its CeO2 frame. `npm run demo && node --import tsx scripts/app-images.ts`, after a build.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { hasShared, shared } from "../tests/shared.ts";
import { openApp } from "../tests/web/app.ts";

const images = join(import.meta.dirname, "../docs/images");
const demo = process.argv[2] ?? "xrdct-demo";

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

const folder = mkdtempSync(join(tmpdir(), "xrdct-images-"));
try {
  for (const part of ["cell.nxs", "scan"]) cpSync(join(demo, part), join(folder, part), { recursive: true });
  const frames = shared("data/detector/ndtomo_ceo2_71keV");
  if (existsSync(frames)) cpSync(frames, folder, { recursive: true });
  for (const { name, hash, prepare } of PICTURES) {
    const app = await openApp(folder, { hash });
    try {
      await prepare(app.page);
      await app.page.screenshot({ path: join(images, `app-${name}.png`) });
    } finally {
      await app.close();
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
