import { InputError } from "../../data/index.ts";
import type { Failure } from "./slurm-folder.ts";

/** An error as it goes through a file. */
export function describeFailure(error: unknown): Failure {
  const { name, message, code } = error as Error & { code?: string };
  return { name, message, ...(typeof code === "string" && { code }) };
}

export function reviveFailure({ name, message, code }: Failure): Error {
  return name === "InputError" && code ? new InputError(code, message) : new Error(message);
}
