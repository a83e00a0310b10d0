import * as z from "zod";
import { InputError } from "../data/index.ts";

/** Of what is wrong with one request. */
const MOST_TOLD = 5;
const MOST_LETTERS = 2000;

/**
 * A body or query as its schema has it.
 *
 * @throws InputError "request-wrong"
 */
export function parseRequest<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const { issues } = result.error;
  const first = z.prettifyError({ issues: issues.slice(0, MOST_TOLD) }).slice(0, MOST_LETTERS);
  const more = issues.length > MOST_TOLD ? ` and ${issues.length - MOST_TOLD} more` : "";
  throw new InputError("request-wrong", `The request is not as needed: ${first}${more}`);
}
