import { parentPort } from "node:worker_threads";
import { messageOf } from "./error-message.ts";
import type { TaskAnswer } from "./task-thread.ts";

/**
 * The thread's end of task-thread.ts, to be called by its entry.
 *
 * @param buffersOf memory of a reply that is handed over, not copied; left out: none
 */
export function answerTasks<Ask, Reply>(
  work: (ask: Ask) => Reply | Promise<Reply>,
  buffersOf: (reply: Reply) => ArrayBuffer[] = () => [],
): void {
  const port = parentPort!;
  port.on("message", async (ask: Ask) => {
    let answer: TaskAnswer<Reply>;
    try {
      answer = { reply: await work(ask) };
    } catch (error) {
      answer = { error: messageOf(error) };
    }
    port.postMessage(answer, "reply" in answer ? buffersOf(answer.reply) : []);
  });
}
