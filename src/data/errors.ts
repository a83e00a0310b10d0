/**
 * An error the user can put right: a wrong value, a wrong file, a wrong shape.
 * The message says what is wrong, where, what was found, what is needed, and what to do.
 * Anything else that throws is a bug of ours.
 */
export class InputError extends Error {
  override readonly name = "InputError";
  /** Stable and listed in docs/errors.md; tests and the app match on it, never on the text. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
