import type { Stage } from "../stage.ts";

/** What of a run is done by the GPU that was asked for, and what it leaves to the processor: one line for people. */
export function sharesOfGpu(stages: readonly Pick<Stage<unknown>, "name" | "usesGpu" | "notOnGpu">[]): string {
  const namesOf = (some: typeof stages): string => some.map(({ name }) => name).join(", ");
  const its = stages.filter(({ usesGpu }) => usesGpu);
  const others = stages.filter(({ usesGpu, notOnGpu }) => !usesGpu && !notOnGpu);
  return [
    its.length > 0
      ? `on the GPU: the long products of ${namesOf(its)}`
      : "--device gpu, but nothing of this run is a GPU's",
    ...stages.flatMap(({ name, notOnGpu }) => (notOnGpu ? [`on the processor: ${name} (${notOnGpu})`] : [])),
    ...(others.length > 0 ? [`on the processor, as always: ${namesOf(others)}`] : []),
  ].join("; ");
}
