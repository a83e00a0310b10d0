/**
 * Asks the YAML language server, which editors use, what it completes, shows and underlines in a scan.yaml by the schema
 * that its first line names. `node scripts/try-editor.mjs`; the server comes from the npm registry once and is kept in
 * the system's folder for temporary files.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(tmpdir(), "xrdct-yaml-language-server");
const main = join(folder, "node_modules/yaml-language-server/bin/yaml-language-server");
if (!existsSync(main)) {
  mkdirSync(folder, { recursive: true });
  const npm = process.env["npm_execpath"] ?? join(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js");
  const how = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "yaml-language-server"];
  execFileSync(process.execPath, [npm, ...how], { cwd: folder, stdio: "inherit" });
}

/** The least of a client: JSON-RPC 2.0 in frames of Content-Length, as the Language Server Protocol has it. */
function connect() {
  const server = spawn(process.execPath, [main, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const waiting = new Map();
  const told = new Map();
  let [bytes, count] = [Buffer.alloc(0), 0];
  const send = (message) => {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  server.stdout.on("data", (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(bytes.subarray(0, end).toString())[1]);
      if (bytes.length < end + 4 + length) return;
      const { id, method, params, result } = JSON.parse(bytes.subarray(end + 4, end + 4 + length).toString());
      bytes = bytes.subarray(end + 4 + length);
      if (method && id !== undefined) send({ id, result: method === "workspace/configuration" ? [{}, {}, {}] : null });
      else if (method) told.get(method)?.(params);
      else waiting.get(id)?.(result);
    }
  });
  return {
    ask: (method, params) =>
      new Promise((resolve) => {
        waiting.set(++count, resolve);
        send({ id: count, method, params });
      }),
    tell: (method, params) => send({ method, params }),
    next: (method) => new Promise((resolve) => told.set(method, resolve)),
    end: () => server.kill(),
  };
}

const client = connect();
try {
  await client.ask("initialize", { processId: process.pid, rootUri: null, capabilities: {} });
  client.tell("initialized", {});
  const schema = pathToFileURL(join(root, "docs/schema/scan.schema.json")).href;
  const text = `# yaml-language-server: $schema=${schema}\ntitle: a cell\nstepmm: 0.02\nintegrate:\n  statistic: \nsinogram:\n  \n`;
  const uri = pathToFileURL(join(folder, "scan.yaml")).href;
  const underlined = client.next("textDocument/publishDiagnostics");
  client.tell("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
  const { diagnostics } = await underlined;
  const complete = async (line, character) => {
    const found = await client.ask("textDocument/completion", { textDocument: { uri }, position: { line, character } });
    return found.items.map(({ label }) => label);
  };
  const hover = await client.ask("textDocument/hover", { textDocument: { uri }, position: { line: 4, character: 4 } });
  console.log(
    "underlined:",
    diagnostics.map(({ message, range }) => `line ${range.start.line + 1}: ${message}`),
  );
  console.log("statistic: completes", await complete(4, 13));
  console.log("sinogram: completes", await complete(6, 2));
  console.log("over statistic:", hover?.contents?.value);
} finally {
  client.end();
}
