/**
 * npm's `prepare`: builds where a checkout is installed, packed, or installed from git. `npx xrdct` in a checkout has npm
 * prepare it too, each time; what is built is then left as it is, for others may be running it.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const record = fileURLToPath(new URL("../dist/provenance.json", import.meta.url)); // the last that a build writes
if (process.env["npm_command"] !== "exec" || !existsSync(record)) await import("./build.mjs");
