import { availableParallelism } from "node:os";
import { type Finding, good } from "../doctor/finding.ts";
import { chooseDevice } from "./device.ts";

/** What a run with --device auto would do here, and why. */
export async function examineGpu(): Promise<Finding> {
  const device = await chooseDevice("auto", availableParallelism());
  return good("gpu", device.kind === "gpu" ? device.note : `not used: ${device.why}`);
}
