import type { Kernels } from "../../kernels/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import { openPatternSource, type PatternSourceSpec } from "../pattern-source.ts";
import type { BlockRunner } from "../tasks.ts";

export interface ReadPayload {
  readonly source: PatternSourceSpec;
  /** of the source, that the first block reads */
  readonly firstLine: number;
  readonly patterns: ArrayReference;
  readonly sigma?: ArrayReference;
}

/** A block is one line of the scan. */
export async function setUpRead(_kernels: Kernels, payload: ReadPayload): Promise<BlockRunner> {
  const source = await openPatternSource(payload.source);
  const patterns = openArray(payload.patterns);
  const errors = payload.sigma && openArray(payload.sigma);
  return {
    async run(block) {
      const line = payload.firstLine + block;
      const { intensity, sigma } = await source.readLine(line);
      const start = block * source.points;
      const crc = [patterns.writeItems(start, source.points, intensity)];
      if (errors && sigma) crc.push(errors.writeItems(start, source.points, sigma));
      const problems = source.missing().filter((missing) => missing.line === line);
      return { crc, problems: problems.map(({ path, reason }) => `line ${line} is missing (${path}): ${reason}`) };
    },
    close() {
      source.close();
      patterns.close();
      errors?.close();
    },
  };
}
