import { type Command, Option } from "commander";
import { DEVICES, type DeviceChoice } from "../pipeline/gpu/device.ts";

export interface DeviceOptions {
  readonly device: DeviceChoice;
}

export const withDevice = (command: Command): Command =>
  command.addOption(
    new Option(
      "--device <name>",
      "what does the long products of reconstruct and dlsr; auto: a GPU that is faster (docs/gpu.md), and cpu on a cluster",
    )
      .choices(DEVICES)
      .default("auto"),
  );

/** For jobs of a cluster, which leave the nodes' GPUs alone unless one is asked for. */
export const deviceOfOrder = (device: DeviceChoice): { readonly device?: "gpu" } =>
  device === "gpu" ? { device } : {};
