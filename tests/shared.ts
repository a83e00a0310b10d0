/**
 * The measured data and reference numbers beside the checkout. They are not ours to redistribute, so tests that
 * need them are skipped, by name, where they are absent: `describe.skipIf(!hasShared)("... (needs ../shared)")`.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const sharedFolder = process.env["XRDCT_SHARED"] ?? fileURLToPath(new URL("../../shared", import.meta.url));
export const hasShared = existsSync(sharedFolder);
export const shared = (path: string): string => `${sharedFolder}/${path}`;
export const sharedJson = <T>(path: string): T => JSON.parse(readFileSync(shared(path), "utf8")) as T;
