/**
 * Programs with Slurm's names that say what a test tells them to, for what a real cluster does seldom or nobody can
 * make it do: refusals, accounts' limits, ends of jobs. No job runs.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PROGRAMS: Readonly<Record<string, string>> = {
  // refuses arrays of more jobs than `most` says, numbers the others and keeps their scripts
  sbatch: `for script; do :; done
size=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\).*/\\1/p' "$script")
if [ -f most ] && [ -n "$size" ] && [ $((size + 1)) -gt "$(cat most)" ]; then
  echo "sbatch: error: AssocMaxSubmitJobLimit" >&2
  echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)" >&2
  exit 1
fi
number=$(($(cat number) + 1)); echo $number > number
cp "$script" $number.sh; echo $number`,
  squeue: "cat squeue.txt",
  sacct: "cat sacct.txt",
  scontrol: "cat scontrol.txt",
  sinfo: "cat sinfo.txt",
  scancel: ":",
};

export class FakeSlurm {
  readonly folder: string;
  private readonly path = process.env["PATH"];

  /** Puts it on the path of this process, and so of its children. */
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(PROGRAMS)) {
      const file = join(folder, name);
      const refuse = `if [ -f ${name}.refuses ]; then cat ${name}.refuses >&2; exit 1; fi`;
      writeFileSync(file, `#!/bin/sh\ncd "$(dirname "$0")"\necho "${name} $*" >> calls\n${refuse}\n${text}\n`);
      chmodSync(file, 0o755);
    }
    process.env["PATH"] = `${folder}:${this.path}`;
    this.reset();
  }

  /** As a cluster that takes everything and has nothing in its queue. */
  reset(): void {
    for (const name of Object.keys(PROGRAMS)) rmSync(join(this.folder, `${name}.refuses`), { force: true });
    const jobs = readdirSync(this.folder).filter((name) => name.endsWith(".sh"));
    for (const name of ["most", ...jobs]) rmSync(join(this.folder, name), { force: true });
    const texts = { number: "100\n", calls: "", "squeue.txt": "", "sacct.txt": "", "sinfo.txt": "" };
    for (const [name, text] of Object.entries({ ...texts, "scontrol.txt": "MaxArraySize = 1001\n" }))
      this.say(name, text);
  }

  /** @param name NAME.txt is what the program prints, NAME.refuses what it says on refusing */
  say(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  /** What was called, in order. */
  calls(): string[] {
    return readFileSync(join(this.folder, "calls"), "utf8").trim().split("\n").filter(Boolean);
  }

  /** The script of a job. */
  script(number: number | string): string {
    const path = join(this.folder, `${number}.sh`);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  stop(): void {
    process.env["PATH"] = this.path;
  }
}
