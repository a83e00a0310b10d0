import { InputError } from "../../data/index.ts";

/** An error on its way between threads, where classes and codes of our own would be lost. */
export interface ErrorMessage {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

export function messageOf(error: unknown): ErrorMessage {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack } = error;
  const { code } = error as { code?: unknown };
  return { name, message, ...(typeof code === "string" && { code }), ...(stack && { stack }) };
}

export function revive({ name, message, code, stack }: ErrorMessage): Error {
  if (name === "InputError" && code) return new InputError(code, message);
  if (name === "AbortError") return new DOMException(message, name);
  const revived = new Error(message);
  if (stack) revived.stack = stack;
  return revived;
}
