/** Damage that files meet in the wild, for every parser: it must give a result or an InputError, and nothing else. */
import fc from "fast-check";
import { InputError } from "../src/data/index.ts";

/**
 * Parses cut, flipped and random bytes.
 *
 * @param valid a file that the parser reads; small, so that header bytes are hit often
 */
export function expectOnlyInputErrors(valid: Uint8Array, parse: (bytes: Uint8Array) => unknown, runs = 300): void {
  const tryParse = (bytes: Uint8Array): void => {
    try {
      parse(bytes);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  };
  const place = fc.nat({ max: Math.max(0, valid.length - 1) });
  fc.assert(
    fc.property(place, (length) => tryParse(valid.slice(0, length))),
    { numRuns: runs },
  );
  const flips = fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(flips, (changes) => {
      const bytes = valid.slice();
      for (const [at, bits] of changes) bytes[at]! ^= bits;
      tryParse(bytes);
    }),
    { numRuns: runs },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), tryParse), { numRuns: runs });
  // the head of a valid file with noise behind it
  fc.assert(
    fc.property(place, fc.uint8Array({ maxLength: 400 }), (length, noise) =>
      tryParse(Uint8Array.from([...valid.subarray(0, length), ...noise])),
    ),
    { numRuns: runs },
  );
}
