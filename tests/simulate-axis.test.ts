import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "./temp-folder.ts";
import { PATTERNS, simulate } from "./virtual-scan.ts";

it.each(["log-tan", "radius"] as const)(
  "does not write patterns on an axis of %s as if it were two-theta",
  async (unit) => {
    const folder = join(tempFolder(), "cell");
    const config = { ...PATTERNS, axis: { unit, from: -3, to: -2.3, bins: 60 } };
    await expect(simulate(folder, config, "patterns")).rejects.toMatchObject({ code: "simulate-axis" });
    expect(existsSync(folder)).toBe(false);
  },
);
