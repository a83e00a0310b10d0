import type { ResultInfo } from "../../server/wire.ts";

/** One map, its patterns and its sinogram, linked. */
export function OneView({ info }: { info: ResultInfo }) {
  return <p>{info.title}</p>;
}
