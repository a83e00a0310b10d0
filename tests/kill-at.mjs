/**
 * Loaded with --import before the program: kills it with SIGKILL, as a power cut would, at one exact place.
 *
 *   KILL_AT=line:STAGE:N     while the N-th line of a stage's journal is being written: half of it reaches the disk
 *   KILL_AT=interrupt:STAGE:N   not a kill: SIGINT after that line
 *   KILL_AT=checkpoint:STAGE:N   before the N-th checkpoint of a stage has its name
 *   KILL_AT=pause:STAGE:N    not a kill: SIGINT after that checkpoint
 *   KILL_AT=done:STAGE       after done.bin.new of a stage was written, before it has its name
 *   KILL_AT=partial          the result is complete but still called .partial
 *   KILL_AT=named            the result has its name, and nothing else has been noted yet
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { sep } from "node:path";
import { isMainThread } from "node:worker_threads";

const [what, stage, count] = (process.env.KILL_AT ?? "").split(":");
const die = () => process.kill(process.pid, "SIGKILL");
const { appendFileSync, renameSync } = fs;
let lines = 0;

fs.appendFileSync = (path, text, ...rest) => {
  const isCounted = String(path).endsWith(`${stage}${sep}journal.jsonl`) && text !== "\n";
  if (!isCounted || ++lines !== Number(count)) return appendFileSync(path, text, ...rest);
  if (what === "line") {
    appendFileSync(path, text.slice(0, text.length >> 1));
    die();
  }
  appendFileSync(path, text, ...rest);
  if (what === "interrupt") process.kill(process.pid, "SIGINT");
};
let checkpoints = 0;
fs.renameSync = (from, to) => {
  if (String(to).endsWith(".checkpoint") && String(to).includes(`${sep}${stage}${sep}`)) {
    const isIt = ++checkpoints === Number(count);
    if (isIt && what === "checkpoint") die();
    if (isIt && what === "pause") process.kill(process.pid, "SIGINT");
  }
  if (what === "done" && String(to).endsWith(`${stage}${sep}done.bin`)) die();
  if (what === "partial" && String(from).endsWith(".nxs.partial")) die();
  renameSync(from, to);
  if (what === "named" && String(from).endsWith(".nxs.partial")) die();
};
if (isMainThread) syncBuiltinESMExports();
