import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";

/** The last thing that each log of a folder says, of some of them: enough to see what goes wrong. */
export function lastLines(folder: string, most = 5): string[] {
  if (!existsSync(folder)) return [];
  const said = readdirSync(folder)
    .filter((name) => name.endsWith(".log"))
    .flatMap((name) => {
      const end = tail(join(folder, name)).trim().split("\n").at(-1);
      return end ? [`${name}: ${end.slice(0, 300)}`] : [];
    });
  return said.slice(0, most);
}

/** The end of a file. */
export function tail(path: string, bytes = 4096): string {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8");
  } finally {
    closeSync(fd);
  }
}
