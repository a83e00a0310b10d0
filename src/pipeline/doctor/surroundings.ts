/** Other programs that xrdct works with; none of them is needed. */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Finding, good, judge } from "./finding.ts";

/** Full path of a program on the PATH, as a shell would find it. */
function onPath(name: string, path = process.env["PATH"] ?? ""): string | undefined {
  const names = process.platform === "win32" ? [`${name}.exe`, `${name}.cmd`] : [name];
  for (const folder of path.split(delimiter).filter(Boolean))
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
  return [examineSlurm(), browser()];
}

/** What Slurm's programs say where they are installed and no cluster is set up: that is a machine without Slurm. */
const NOT_CONFIGURED = /configuration source|failed to fetch config|slurm\.conf/;

/** @param path where programs are looked for; left out: the PATH */
export function examineSlurm(path?: string): Finding {
  const sbatch = onPath("sbatch", path);
  if (!sbatch) return good("slurm", "not here (xrdct run --executor slurm needs sbatch, squeue, scancel)");
  const { stdout, stderr, status } = spawnSync(sbatch, ["--version"], { encoding: "utf8", timeout: 5000 });
  if (status === 0) return good("slurm", stdout.trim());
  if (NOT_CONFIGURED.test(stderr ?? ""))
    return good("slurm", `not configured: ${sbatch} is here, and no slurm.conf (--executor slurm needs a cluster)`);
  const said = stderr?.trim().split("\n")[0] || "nothing within 5 s";
  const advice = "For --executor slurm: do sbatch and squeue work in a shell here?";
  return judge("slurm", `${sbatch} does not answer as it should: ${said}`, false, "slow", advice);
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
