/**
 * A run in the server of the app, as one command: starts the server in this folder, asks for the run, waits for its
 * end, and says of it what `xrdct run --json` would.
 *
 *   node serve-job.mjs MAIN SETTING=VALUE... [--memory-gb N]
 *
 * exit 2: the message of the run that failed; 130: it was interrupted; 137: the server is gone, and the run that it
 * had begun has ended; 3: a run of before is told as going on, and nobody is at work on it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { json as readJson } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";

const [main, ...args] = process.argv.slice(2);
const run = Object.fromEntries(args.filter((arg) => /^\w+=/.test(arg)).map((arg) => arg.split("=")));
const options = args.filter((arg) => !/^\w+=/.test(arg));
const isOver = ({ state }) => ["done", "failed", "interrupted"].includes(state);

const server = spawn(process.execPath, [main, "serve", ".", "--json", "--port", "0", "--workers", "2", ...options], {
  stdio: ["ignore", "pipe", "pipe"],
});
let said = "";
server.stderr.on("data", (text) => {
  said += text;
});
const ended = once(server, "exit");
const first = await Promise.race([once(server.stdout, "data"), ended.then(() => undefined)]);
if (first === undefined) {
  process.stderr.write(said);
  process.exit(server.exitCode ?? 137);
}
const { origin, token } = JSON.parse(first[0]);

/** Its processes of runs, as Linux tells them. */
const children = new Set();
function look() {
  try {
    const pids = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").trim().split(" ");
    for (const pid of pids) if (pid) children.add(pid);
  } catch {
    // it is gone
  }
}
function isAlive(pid) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function ask(path, body) {
  // not fetch, which needs a WebAssembly memory: it is tried with little
  const asked = request(`${origin}/api/${path}`, {
    headers: { authorization: `token ${token}`, ...(body && { "content-type": "application/json" }) },
    method: body ? "POST" : "GET",
  });
  asked.end(body && JSON.stringify(body));
  const [reply] = await once(asked, "response");
  const json = await readJson(reply);
  if (json.error && json.id === undefined)
    throw Object.assign(new Error(json.error.message), { code: json.error.code });
  return json;
}

async function work() {
  const { jobs } = await ask("jobs");
  const before = jobs.find(({ output }) => output === run.output);
  if (before && !isOver(before) && !existsSync(`${run.output}.work/lock`)) {
    process.stderr.write(`a run that is gone is told as ${before.state}`);
    return 3;
  }
  let job = await ask("jobs", run);
  while (!isOver(job)) {
    await setTimeout(25);
    look();
    job = await ask(`jobs/${job.id}`);
  }
  if (job.state === "interrupted") {
    process.stderr.write("Interrupted. Nothing that was finished is lost: run the same command again to go on.\n");
    return 130;
  }
  if (job.state === "failed") throw Object.assign(new Error(job.error.message), { code: job.error.code });
  const stages = job.stages.map(({ name, state, done, resumed }) => ({
    name,
    blocksDone: state === "done" ? done - resumed : 0,
  }));
  process.stdout.write(JSON.stringify({ stages }));
  return 0;
}

let code = 1;
try {
  code = await work();
} catch (error) {
  const isGone = ["ECONNREFUSED", "ECONNRESET", "EPIPE"].includes(error.code);
  if (isGone) {
    const [status] = await ended;
    while ([...children].some(isAlive)) await setTimeout(25);
    // a server that was asked to end has told its run to end, and ends well
    code = status === null ? 137 : status === 0 ? 130 : status;
    if (code !== 137) process.stderr.write(code === 130 ? "Interrupted." : said);
  } else {
    process.stderr.write(`xrdct: ${error.message} [${error.code}]\n`);
    code = 2;
  }
}
server.kill("SIGINT");
await ended;
while ([...children].some(isAlive)) await setTimeout(25);
process.exit(code);
