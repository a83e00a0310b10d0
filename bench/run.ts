/** `npm run bench -- NAME`: runs bench/NAME.ts; without a name, lists them. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && file !== "run.ts" && file !== "common.ts")
  .map((file) => file.replace(/\.ts$/, ""));
const name = process.argv[2];
if (name && names.includes(name)) await import(`./${name}.ts`);
else {
  console.log(`npm run bench -- NAME, with NAME one of: ${names.join(", ") || "(none yet)"}`);
  process.exitCode = name ? 2 : 0;
}
