/** Other programs that xrdct works with; none of them is needed. */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Finding, good, judge } from "./finding.ts";

/** Full path of a program on the PATH, as a shell would find it. */
function onPath(name: string): string | undefined {
  const names = process.platform === "win32" ? [`${name}.exe`, `${name}.cmd`] : [name];
  for (const folder of (process.env["PATH"] ?? "").split(delimiter).filter(Boolean))
    for (const one of names) {
      try {
        accessSync(join(folder, one), constants.X_OK);
        return join(folder, one);
      } catch {
        // not there
      }
    }
  return undefined;
}

export function examineSurroundings(): Finding[] {
  return [slurm(), browser()];
}

function slurm(): Finding {
  const sbatch = onPath("sbatch");
  if (!sbatch) return good("slurm", "not here (xrdct run --executor slurm needs sbatch, squeue, scancel)");
  const { stdout, status } = spawnSync(sbatch, ["--version"], { encoding: "utf8", timeout: 5000 });
  const isAnswering = status === 0;
  return judge(
    "slurm",
    isAnswering ? stdout.trim() : `${sbatch} is there and does not answer`,
    isAnswering,
    "slow",
    "For --executor slurm: is its configuration (slurm.conf) on this machine?",
  );
}

/** Without one `xrdct serve` prints its address, which a browser elsewhere opens through ssh -L. */
function browser(): Finding {
  const { platform, env } = process;
  const isThere =
    platform !== "linux" || (onPath("xdg-open") !== undefined && Boolean(env["DISPLAY"] || env["WAYLAND_DISPLAY"]));
  return good(
    "browser",
    isThere
      ? "can be opened from here"
      : "none here: xrdct serve prints an address to open, through ssh -L from elsewhere",
  );
}
