/** What does the long products of a run: this processor, or a GPU that was found and held against it. */
import { InputError } from "../../data/index.ts";
import { checkGpu, GPU_BOUND } from "../../gpu/index.ts";
import { loadKernels } from "../load-kernels.ts";
import { openGpu } from "./open-gpu.ts";

export const DEVICES = ["auto", "cpu", "gpu"] as const;
export type DeviceChoice = (typeof DEVICES)[number];

export type Device =
  /** `why`: why it is no GPU; `note`: the same for the result, where a GPU might have been expected */
  | { readonly kind: "cpu"; readonly why: string; readonly note?: string }
  /** `name`: of the adapter; every thread and node has to have the same one */
  | { readonly kind: "gpu"; readonly name: string; readonly note: string };

/** The device of a run, chosen when the first stage asks that can use one. */
export interface RunDevice {
  /** what was asked for */
  readonly choice: DeviceChoice;
  /** @throws those of chooseDevice */
  choose(): Promise<Device>;
  /** The GPU could not go on: from now on it is the processor. */
  fail(error: InputError): Device;
}

export function createRunDevice(choice: DeviceChoice, workers: number): RunDevice {
  let chosen: Promise<Device> | undefined;
  return {
    choice,
    choose() {
      chosen ??= chooseDevice(choice, workers);
      return chosen;
    },
    fail({ message }) {
      const device = {
        ...({ kind: "cpu", why: message } as const),
        note: `${message} All of this stage was done again on the processor, so that its rounding is of one kind.`,
      };
      chosen = Promise.resolve(device);
      return device;
    },
  };
}

/** Grid whose projections are timed: large enough that sending it does not decide. */
const TIMED_SIZE = 256;
/** Grid where only correctness is asked for: a software adapter takes a second for it. */
const CHECKED_SIZE = 32;

/**
 * "auto" takes a GPU that is one, gives the kernels' numbers and is faster than so many threads of them.
 *
 * @throws InputError "gpu-missing" | "gpu-wrong", where a GPU was asked for; "gpu-failed" of the check
 */
export async function chooseDevice(choice: DeviceChoice, workers: number): Promise<Device> {
  if (choice === "cpu") return { kind: "cpu", why: "--device cpu" };
  const opened = await openGpu();
  if (typeof opened === "string") {
    if (choice === "auto") return { kind: "cpu", why: `no GPU: ${opened}` };
    throw new InputError(
      "gpu-missing",
      `--device gpu, but there is no GPU: ${opened}. Run with --device cpu, or auto.`,
    );
  }
  const { gpu, isSoftware } = opened;
  try {
    if (choice === "auto" && isSoftware)
      return onProcessor(`${gpu.name} is no GPU but a program in its place, and slower than the kernels`);
    const size = choice === "auto" ? TIMED_SIZE : CHECKED_SIZE;
    const { difference, speed } = await checkGpu(gpu, loadKernels(), () => performance.now(), { size });
    const told = `${gpu.name}: products within ${difference.toExponential(1)} of the kernels' on a test problem`;
    if (!(difference < GPU_BOUND)) {
      const wrong = `${told}; rounding explains ${GPU_BOUND}`;
      if (choice === "auto") return onProcessor(wrong);
      throw new InputError(
        "gpu-wrong",
        `The GPU calculates wrongly. ${wrong}. Renew its driver, or run with --device cpu.`,
      );
    }
    const timed = `${speed.toPrecision(2)} times as fast as one thread of them`;
    if (choice === "auto" && speed < workers)
      return onProcessor(`${told}, ${timed}: not faster than ${workers} threads`);
    return { kind: "gpu", name: gpu.name, note: `on the GPU ${choice === "auto" ? `${told}, ${timed}` : told}` };
  } catch (error) {
    if (choice === "auto") return onProcessor((error as Error).message);
    throw error;
  } finally {
    gpu.close();
  }
}

const onProcessor = (why: string): Device => ({ kind: "cpu", why, note: `on the processor: ${why}` });

/** Whether an error says that the GPU could not go on. */
export const isGpuFailure = (error: unknown): error is InputError =>
  error instanceof InputError && error.code === "gpu-failed";

/**
 * Opens the GPU that a run has chosen, in this thread; it is to be closed.
 *
 * @throws InputError "gpu-failed" where it is gone, "gpu-other" where this machine has another one
 */
export async function openChosenGpu(name: string) {
  const opened = await openGpu();
  if (typeof opened === "string")
    throw new InputError("gpu-failed", `The GPU ${name} cannot be used any more: ${opened}.`);
  if (opened.gpu.name === name) return opened.gpu;
  opened.gpu.close();
  throw new InputError(
    "gpu-other",
    `The stage is calculated on the GPU ${name}, and this machine has ${opened.gpu.name}: results would mix their rounding. Give the jobs nodes of one kind, or run with --device cpu.`,
  );
}
