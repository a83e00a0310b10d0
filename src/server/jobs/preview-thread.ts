/** Asks the thread that looks at running stages; it begins with the first look. */
import { Worker } from "node:worker_threads";
import type { StagePreview } from "../../pipeline/preview.ts";
import type { PreviewReply, PreviewRequest } from "./preview-worker.ts";

/** Tests import this file as TypeScript from src; threads always run what was built. */
const SCRIPT = new URL(
  import.meta.url.includes("/src/") ? "../../../dist/server/jobs/preview-worker.js" : "./preview-worker.js",
  import.meta.url,
);

export class PreviewThread {
  private worker: Worker | undefined;
  private next = 0;
  private readonly waiting = new Map<
    number,
    { resolve: (reply: PreviewReply) => void; reject: (error: Error) => void }
  >();

  /** @returns values [row, col], NaN where nothing is done; share: of the blocks that are in them */
  look(preview: StagePreview, bin?: number): Promise<PreviewReply> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      const request: PreviewRequest = { id, preview, ...(bin !== undefined && { bin }) };
      this.started().postMessage(request);
    });
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private started(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(SCRIPT, { execArgv: [] });
    worker.on("message", (reply: PreviewReply & { id: number; error?: string }) => {
      const asked = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if (reply.error !== undefined) asked?.reject(new Error(reply.error));
      else asked?.resolve(reply);
    });
    worker.on("error", (error) => {
      this.worker = undefined;
      for (const { reject } of this.waiting.values()) reject(error as Error);
      this.waiting.clear();
    });
    this.worker = worker;
    return worker;
  }
}
