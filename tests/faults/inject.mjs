/**
 * Loaded before the program, in every thread of it (NODE_OPTIONS=--import), to make one thing go wrong at one exact
 * place. The environment says what: FAULT is JSON of
 *
 *   on     kind of call: open, read, write, sync, rename, stat, any; or clock
 *   path   regular expression that the file's path has to match
 *   nth    at which of those calls of a thread, from 1
 *   last   until which; left out: that one alone
 *   in     "main" or "worker"; left out: whichever thread comes first
 *   of     regular expression for the script of the process; left out: any of the program's
 *   do     {error: "EIO", torn?} the call fails, torn: after half of its bytes
 *          {short: true}         it moves half of what was asked for
 *          {kill: "SIGKILL"}     a signal to this process
 *          {killServer: true}    to the one that started it
 *          {exit: 7} | {abort: true} | {exhaust: true}   of the thread: ends, aborts, takes memory until there is none
 *          {shell: "rm -r x"}    what somebody else does at that moment
 *          {clock: ms}           the clock is this much later (or earlier) from now on
 *   mark   a file that is made when it happens, so that it happens once in all threads and is known to have happened
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { resolve } from "node:path";
import { isMainThread } from "node:worker_threads";

const fault = process.env.FAULT ? JSON.parse(process.env.FAULT) : undefined;
const isOf = (script) => /\.js$/.test(script) && new RegExp(fault.of ?? "").test(script);
if (fault && isOf(process.argv[1]) && (fault.in === undefined || (fault.in === "main") === isMainThread)) inject(fault);

function inject({ on, path = "", nth = 1, last = nth, do: what, mark }) {
  const before = { ...fs };
  const matches = new RegExp(path);
  const paths = new Map();
  let calls = 0;
  let isDone = false;

  /** Whether it is to happen at this call: once in all threads, but where it goes on for a while. */
  function isDue(kind, target) {
    if (isDone || (on !== kind && on !== "any") || target === undefined || !matches.test(target)) return false;
    calls++;
    if (calls < nth || calls > last) return false;
    isDone = calls >= last;
    try {
      before.closeSync(before.openSync(mark, "wx"));
      return true;
    } catch {
      return last > nth; // a range goes on; a single one has happened in another thread
    }
  }

  function happen(call, isWrite) {
    if (what.kill) process.kill(process.pid, what.kill);
    if (what.killServer) process.kill(process.ppid, "SIGKILL");
    if (what.exit !== undefined) process.exit(what.exit);
    if (what.abort) process.kill(process.pid, "SIGABRT"); // a thread that aborts takes all with it
    if (what.exhaust) exhaust();
    if (what.shell) execFileSync("sh", ["-c", what.shell], { env: { ...process.env, NODE_OPTIONS: "" } });
    if (what.clock !== undefined) stepClock(what.clock);
    if (!what.error) return;
    if (what.torn && isWrite) call.half();
    throw Object.assign(new Error(`${what.error}: made by the test, ${call.name} '${call.path}'`), {
      code: what.error,
      errno: -5,
      syscall: call.name,
      path: call.path,
    });
  }

  const nameOf = (file) => (typeof file === "number" ? paths.get(file) : resolve(String(file)));

  fs.openSync = (file, flags, ...rest) => {
    const target = resolve(String(file));
    if (isDue("open", target)) happen({ name: "open", path: target });
    const handle = before.openSync(file, flags, ...rest);
    paths.set(handle, target);
    return handle;
  };
  fs.closeSync = (handle) => {
    paths.delete(handle);
    return before.closeSync(handle);
  };
  fs.readSync = (handle, buffer, offset, length, position) => {
    const target = nameOf(handle);
    if (typeof offset !== "number" || !isDue("read", target))
      return before.readSync(handle, buffer, offset, length, position);
    if (what.short) return before.readSync(handle, buffer, offset, Math.ceil(length / 2), position);
    happen({ name: "read", path: target });
    return before.readSync(handle, buffer, offset, length, position);
  };
  fs.writeSync = (handle, buffer, offset, length, position) => {
    const target = nameOf(handle);
    if (typeof offset !== "number" || !isDue("write", target))
      return before.writeSync(handle, buffer, offset, length, position);
    if (what.short) return before.writeSync(handle, buffer, offset, Math.ceil(length / 2), position);
    const half = () => before.writeSync(handle, buffer, offset, length >> 1, position);
    happen({ name: "write", path: target, half }, true);
    return before.writeSync(handle, buffer, offset, length, position);
  };
  for (const name of ["writeFileSync", "appendFileSync"]) {
    fs[name] = (file, data, ...rest) => {
      const target = nameOf(file);
      if (!what.short && isDue("write", target)) {
        const half = () => before[name](file, data.slice(0, data.length >> 1), ...rest);
        happen({ name: "write", path: target, half }, true);
      }
      return before[name](file, data, ...rest);
    };
  }
  const simple = {
    read: ["readFileSync"],
    sync: ["fsyncSync", "fdatasyncSync"],
    rename: ["renameSync", "linkSync"],
    stat: ["statSync", "fstatSync"],
  };
  for (const [kind, names] of Object.entries(simple))
    for (const name of names)
      fs[name] = (file, ...rest) => {
        const target = nameOf(file);
        if (!what.short && isDue(kind, target)) happen({ name: kind, path: target });
        return before[name](file, ...rest);
      };
  syncBuiltinESMExports();
  if (on === "clock") stepClockAt(nth);

  /** The clock steps at its n-th reading of a thread. */
  function stepClockAt(reading) {
    const { now } = Date;
    let readings = 0;
    const watch = () => {
      if (++readings === reading) {
        stepClock(what.clock);
        before.writeFileSync(mark, "");
      }
    };
    Date.now = () => {
      watch();
      return now() + shift;
    };
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...given) {
        if (given.length === 0) {
          watch();
          super(now() + shift);
        } else super(...given);
      }
    };
  }
}

let shift = 0;
function stepClock(ms) {
  shift += ms;
}

function exhaust() {
  const kept = [];
  for (;;) kept.push(new Array(100_000).fill(kept.length));
}
