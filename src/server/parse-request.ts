import * as z from "zod";
import { InputError } from "../data/index.ts";

/**
 * A body or query as its schema has it.
 *
 * @throws InputError "request-wrong"
 */
export function parseRequest<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new InputError("request-wrong", `The request is not as needed: ${z.prettifyError(result.error)}`);
}
