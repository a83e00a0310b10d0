/** One reader thread: its own HDF5 library, files kept open, one request after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { loadHdf5Library } from "../../files/hdf5-library.ts";
import { messageOf } from "../threads/error-message.ts";
import { buildIndex, indexBytes, indexShape } from "./build-index.ts";
import { OpenResults } from "./open-results.ts";
import type { BuildRequest, ReaderData, ReaderMessage, ReaderRequest } from "./reader-protocol.ts";
import { READER_TASKS, type ReaderReply } from "./reader-tasks.ts";
import type { IndexState } from "./stack-index.ts";

const { cancelled } = workerData as ReaderData;
const files = new OpenResults();
const port = parentPort!;
let last: Promise<void> = loadHdf5Library().then(() => {});

port.on("message", (request: ReaderRequest | BuildRequest) => {
  last = last.then(() => answer(request));
});

async function answer(request: ReaderRequest | BuildRequest): Promise<void> {
  const { id } = request;
  const goOn = (): void => {
    if (Atomics.load(cancelled, 0) === id) throw new DOMException("nobody waits for this any more", "AbortError");
  };
  try {
    goOn();
    const reply = await (request.task === "build" ? build(request, goOn) : read(request, goOn));
    const buffers = (reply.arrays ?? []).map(({ data }) => data.buffer as ArrayBuffer);
    port.postMessage({ id, reply } satisfies ReaderMessage, [...new Set(buffers)]);
  } catch (error) {
    port.postMessage({ id, error: messageOf(error) } satisfies ReaderMessage);
  }
}

function read({ task, path, input }: ReaderRequest, goOn: () => void): Promise<ReaderReply> {
  const work = READER_TASKS[task] as (...given: unknown[]) => ReaderReply | Promise<ReaderReply>;
  return files.use(path, (open) => work(open, input, goOn));
}

/** Tells of each block; the reply is the finished index, or null where there is no room for one. */
async function build({ id, path, input }: BuildRequest, goOn: () => void): Promise<ReaderReply> {
  const { stack: name, folder, mostBytes } = input;
  return files.use(path, async (open) => {
    const { stack, sigma } = await open.stackWithSigma(name);
    const shape = indexShape(stack, sigma);
    if (indexBytes(shape) > mostBytes) return { json: null };
    let state: IndexState = { ...shape, identity: open.identity, folder, blocks: 0, firstMissing: 0 };
    const onBlock = (blocks: number, firstMissing: number): void => {
      state = { ...state, blocks, firstMissing };
      port.postMessage({ id, progress: state } satisfies ReaderMessage);
    };
    await buildIndex(stack, sigma, folder, onBlock, goOn);
    return { json: state };
  });
}
