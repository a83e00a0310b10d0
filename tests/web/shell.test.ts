import { describe, expect, it } from "vitest";
import { hasChromium, openApp } from "./app.ts";

describe.skipIf(!hasChromium)("the app's frame (needs Chromium)", () => {
  it("opens, is isolated for shared memory, and takes the token out of the address", async () => {
    const app = await openApp("examples");
    try {
      await app.page.getByRole("navigation", { name: "pages" }).waitFor();
      expect(app.page.url()).not.toContain("token");
      expect(await app.page.evaluate(() => crossOriginIsolated)).toBe(true);
      await app.page.keyboard.press("?");
      await app.page.getByRole("dialog", { name: "keys" }).waitFor();
      expect(app.problems).toEqual([]);
    } finally {
      await app.close();
    }
  });
});
