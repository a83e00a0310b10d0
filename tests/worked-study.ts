/** The worked study at its least size, for the tests of what simulates and of what analyses it. */
import { simulateStudy } from "../src/pipeline/simulate-study.ts";
import { madeOnce } from "./made-once.ts";

/** Translations; fewer leave no room for the anode. */
export const WORKED_SIZE = 61;

/** Folder of five cells, study.yaml and truth. Tests must not write into it. */
export const workedStudy = (): Promise<string> =>
  madeOnce(`study-${WORKED_SIZE}`, async (folder) => {
    const signal = new AbortController().signal;
    await simulateStudy({ folder, size: WORKED_SIZE, workers: 1, onProgress: () => {}, signal });
  });
