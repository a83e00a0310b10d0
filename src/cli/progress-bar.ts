/** Shows the progress of a run on a terminal, one line a stage; in a log, one line every tenth of a stage. */
import { stderr } from "node:process";
import { formatSeconds, type ProgressEvent, type ProgressListener } from "../pipeline/progress.ts";
import { plainText } from "./plain-text.ts";

export function createProgressBar(isQuiet: boolean): ProgressListener {
  if (isQuiet) return () => {};
  let shown = -1;
  return (event: ProgressEvent) => {
    if (event.type === "stage-start") {
      shown = -1;
      if (event.resumed > 0)
        stderr.write(`${name(event.stage)} going on: ${event.resumed} of ${event.blocks} blocks were done before\n`);
    } else if (event.type === "stage-progress") {
      const tenth = Math.floor((10 * event.done) / event.blocks);
      const left = event.secondsLeft === undefined ? "" : `, ${formatSeconds(event.secondsLeft)} left`;
      const line = `${name(event.stage)} ${bar(event.done / event.blocks)} ${event.done}/${event.blocks}${left}`;
      if (stderr.isTTY) stderr.write(`\r\x1b[K${line}`);
      else if (tenth > shown && event.blocks >= 10) stderr.write(`${line}\n`);
      shown = tenth;
    } else if (event.type === "stage-end") {
      stderr.write(`${stderr.isTTY ? "\r\x1b[K" : ""}${name(event.stage)} done in ${formatSeconds(event.seconds)}\n`);
      for (const note of event.notes) stderr.write(`  ${plainText(note)}\n`);
    } else stderr.write(`${name(event.stage)} skipped: ${event.why}\n`);
  };
}

const name = (stage: string): string => plainText(stage).padEnd(12);
const bar = (share: number): string => `[${"#".repeat(Math.round(share * 24)).padEnd(24)}]`;
