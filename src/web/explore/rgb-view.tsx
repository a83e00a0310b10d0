import type { ResultInfo } from "../../server/wire.ts";

/** Two or three maps as red, green and blue. */
export function RgbView({ info }: { info: ResultInfo }) {
  return <p>{info.title}</p>;
}
