/** One try of the matrix: the program with something going wrong, run again, and what came of it. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { MAIN } from "../virtual-scan.ts";
import type { Fault, Injected, Plan, Random } from "./faults.ts";
import { tryFolder, type Workload } from "./workloads.ts";

const INJECT = fileURLToPath(new URL("./inject.mjs", import.meta.url));
const LIMIT_MS = 180_000;

export interface Outcome {
  /** in words: "told [disk-full]", "killed", "none": it went on to the end by itself */
  readonly what: string;
  /** what is not as it has to be */
  readonly wrong: readonly string[];
  /** what was done, to do it again */
  readonly plan: Plan;
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function run(workload: Workload, folder: string, plan: Plan = {}, inject?: Injected): Ended {
  const program = [process.execPath, workload.program ?? MAIN, ...workload.args];
  const command = [...program, ...(plan.args ?? [])].map(quote).join(" ");
  const options = [inject && `--import=${INJECT}`, plan.heapMb && `--max-old-space-size=${plan.heapMb}`].filter(
    Boolean,
  );
  const mark = join(folder, "happened");
  const isPiped = plan.behind?.startsWith("|") || plan.behind?.startsWith("2>&1 |");
  const script = `${plan.before ?? ""} ${isPiped ? "set -o pipefail;" : "exec"} ${command} ${plan.behind ?? ""}`;
  const { status, signal, stdout, stderr } = spawnSync("bash", ["-c", script], {
    ...{ cwd: folder, encoding: "utf8" as const, timeout: LIMIT_MS, killSignal: "SIGKILL" as const },
    env: {
      ...process.env,
      AGAIN: program.join(" "),
      NODE_OPTIONS: options.join(" "),
      ...(inject && { FAULT: JSON.stringify({ ...inject, mark }) }),
    },
  });
  return { code: status, signal, stdout, stderr };
}

/** What the program said, on one line without its prefix; `code` is the stable one. */
function told({ stderr }: Ended): { text: string; code: string | undefined } {
  const text = stderr.trim();
  return { text, code: /\[([a-z0-9-]+)\]$/.exec(text)?.[1] };
}

/** @returns undefined where what was to go wrong was never reached */
export async function attempt(
  workload: Workload,
  fault: Fault,
  random: Random,
  { scratch, expected }: { scratch: string; expected: Record<string, string> },
): Promise<Outcome | undefined> {
  let plan = fault.draw(random, workload);
  for (;;) {
    const folder = tryFolder(scratch);
    clear(folder);
    mkdirSync(folder, { recursive: true });
    if (plan.disk) execFileSync("mount", ["-t", "tmpfs", "-o", "size=200m", "tmpfs", folder]);
    try {
      cpSync(workload.from, folder, { recursive: true });
      if (plan.disk && plan.disk !== "200m") fill(folder, plan.disk);
      const earlier = existsSync(join(folder, workload.output)) ? await workload.hash(folder) : undefined;
      plan.prepare?.(folder);
      const before = workload.kept?.(folder) ?? {};
      const first = run(workload, folder, plan, plan.inject);
      plan.ended?.(folder);
      const hasHappened = (!plan.inject || existsSync(join(folder, "happened"))) && (plan.isReached?.(folder) ?? true);
      if (!hasHappened && first.signal !== "SIGKILL") {
        const { nth = 1 } = plan.inject!;
        if (nth === 1) return undefined;
        plan = { ...plan, inject: { ...plan.inject!, nth: nth >> 1 } };
        continue;
      }
      return { ...(await judge(workload, folder, plan, first, { expected, before, earlier, random })), plan };
    } finally {
      clear(folder);
    }
  }
}

function clear(folder: string): void {
  spawnSync("umount", [folder], { stdio: "ignore" });
  rmSync(folder, { recursive: true, force: true });
}

/** Leaves so much room on the disk. */
function fill(folder: string, room: string): void {
  const used = Number(execFileSync("du", ["-sk", folder], { encoding: "utf8" }).split("\t")[0]);
  execFileSync("mount", ["-o", `remount,size=${used + Number.parseInt(room, 10)}k`, folder]);
}

type Hashes = Record<string, string> | string;

/** What was written one file a pattern may stay where its pattern has gone: those names are not compared. */
function gone(one: Hashes, fresh: Hashes): Record<string, string> {
  if (typeof one === "string" || typeof fresh === "string") return { unreadable: `${one} ${fresh}` };
  return Object.fromEntries(Object.entries(one).filter(([name]) => name in fresh || !name.startsWith("each/")));
}

interface Before {
  readonly expected: Record<string, string>;
  /** blocks that were finished */
  readonly before: Record<string, number>;
  /** what an earlier run had left under the result's name */
  readonly earlier: Record<string, string> | undefined;
  readonly random: Random;
}

async function judge(
  workload: Workload,
  folder: string,
  plan: Plan,
  first: Ended,
  { expected, before, earlier, random }: Before,
): Promise<Omit<Outcome, "plan">> {
  const wrong: string[] = [];
  const what = describe(first, plan, wrong);
  const hashed = async (): Promise<Record<string, string> | string> => {
    try {
      return await workload.hash(folder);
    } catch (error) {
      return `it cannot be read: ${(error as Error).message}`;
    }
  };
  const isSame = async (needed: Record<string, string>, when: string): Promise<void> => {
    const found = await hashed();
    if (isDeepStrictEqual(found, needed)) return;
    const names =
      typeof found === "string"
        ? found
        : Object.keys({ ...needed, ...found })
            .filter((name) => found[name] !== needed[name])
            .slice(0, 4)
            .join(", ");
    wrong.push(`${when} the result is another: ${names}`);
  };
  if (first.code === 0 && !plan.isOtherInput) await isSame(expected, "at once");
  // to the end is right where all that was read is of the file as it is now
  const atOnce = first.code === 0 && plan.isOtherInput ? await hashed() : undefined;
  if (first.code !== 0 && existsSync(join(folder, workload.output))) {
    const found = await hashed();
    if (!isDeepStrictEqual(found, expected) && !isDeepStrictEqual(found, earlier))
      wrong.push("what has the result's name is not the result");
  }
  checkSecond(folder, wrong);
  plan.after?.(folder, random);
  const kept = workload.kept?.(folder) ?? {};
  const again = run(workload, folder);
  if (again.code !== 0) {
    wrong.push(`run again: ${again.signal ?? again.code} ${again.stderr.trim().slice(0, 300)}`);
    return { what, wrong };
  }
  if (plan.isOtherInput) {
    const one = atOnce ?? (await hashed());
    for (const name of readdirSync(folder))
      if (/^(out|series|made|each|table)/.test(name) && !/yaml$/.test(name))
        rmSync(join(folder, name), { recursive: true });
    const fresh = run(workload, folder);
    if (fresh.code === 0) await isSame(gone(one, await hashed()), "beside a run that never saw the other input,");
    else wrong.push(`on the other input alone: ${told(fresh).text}`);
  } else await isSame(expected, "run again,");
  if (!plan.mayLose && first.code !== 0 && workload.isRun) checkKept(again, kept, before, wrong);
  const left = leftovers(folder);
  if (left.length > 0) wrong.push(`left behind: ${left.join(", ")}`);
  return { what, wrong };
}

interface Asked {
  readonly kill?: string;
  readonly killServer?: true;
  readonly abort?: true;
}

function describe(first: Ended, plan: Plan, wrong: string[]): string {
  const { text, code } = told(first);
  if (first.signal) {
    const asked = (plan.inject?.do as Asked | undefined) ?? {};
    if (!asked.kill && !asked.killServer && !asked.abort && !plan.before)
      wrong.push(`ended by ${first.signal}: ${text.slice(-200)}`);
    return `ended by ${first.signal}`;
  }
  const isPiped = /\|/.test(plan.behind ?? "");
  if (first.code === 0) {
    if (text && !isPiped) wrong.push(`it ended well and said: ${text.slice(0, 200)}`);
    if (plan.isFatal) wrong.push("it went on, and must not");
    return "none: the same bits at once";
  }
  if (first.code === 130) return "told: interrupted";
  if (first.code !== null && first.code > 128 && plan.inject) {
    const asked = plan.inject.do as Asked;
    if (asked.kill || asked.killServer || asked.abort) return "ended by the signal";
  }
  if (first.code !== 2 || !code) {
    wrong.push(`exit ${first.code}: ${text.slice(0, 300) || "nothing said"}`);
    return "a bug";
  }
  if (text.split("\n").length > 1) wrong.push(`more than one message: ${text.slice(0, 300)}`);
  if (plan.codes && !plan.codes.includes(code))
    wrong.push(`[${code}] where [${plan.codes.join("] or [")}] is needed: ${text.slice(0, 200)}`);
  return `told: [${code}]`;
}

/** Another run at the same time is refused, and changes nothing. */
function checkSecond(folder: string, wrong: string[]): void {
  const path = join(folder, "second.code");
  if (!existsSync(path)) return;
  const text = readFileSync(join(folder, "second.txt"), "utf8").trim();
  if (readFileSync(path, "utf8").trim() !== "2" || !text.includes("[run-in-progress]"))
    wrong.push(`the second run was not refused: ${readFileSync(path, "utf8").trim()} ${text.slice(0, 200)}`);
}

/** What was finished is not done again. */
function checkKept(again: Ended, kept: Record<string, number>, before: Record<string, number>, wrong: string[]): void {
  const { stages } = JSON.parse(again.stdout) as { stages: { name: string; blocksDone: number }[] };
  for (const { name, blocksDone } of stages) {
    const had = Math.max(kept[name] ?? 0, before[name] ?? 0);
    const all = TOTALS.get(name);
    if (all !== undefined && had > 0 && blocksDone > all - had)
      wrong.push(`${name}: ${had} blocks were finished, and ${blocksDone} were done again`);
  }
}
/** Blocks of the stages of the scan at hand. */
export const TOTALS = new Map<string, number>();

function leftovers(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).filter((name) =>
    /(\.partial|\.unfinished|\.new|lock)$/.test(name),
  );
}

/** The result of a run in which nothing goes wrong, and how many blocks its stages have. */
export async function undisturbed(workload: Workload, scratch: string): Promise<Record<string, string>> {
  const folder = tryFolder(scratch);
  clear(folder);
  cpSync(workload.from, folder, { recursive: true });
  const had = workload.kept?.(folder) ?? {};
  const ran = run(workload, folder);
  if (ran.code !== 0) throw new Error(`${workload.name} does not run: ${ran.stderr}`);
  TOTALS.clear();
  if (workload.isRun) {
    const { stages } = JSON.parse(ran.stdout) as { stages: { name: string; blocksDone: number }[] };
    for (const { name, blocksDone } of stages) TOTALS.set(name, Math.max(blocksDone, had[name] ?? 0));
  }
  const found = await workload.hash(folder);
  clear(folder);
  return found;
}
