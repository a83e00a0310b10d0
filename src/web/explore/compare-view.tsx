import type { ResultInfo } from "../../server/wire.ts";

/** Two maps side by side, and what lies between them. */
export function CompareView({ info }: { info: ResultInfo }) {
  return <p>{info.title}</p>;
}
