import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { md5OfFour } from "./md5-of-four.ts";

const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("base64");

describe.each(kernelBuilds)("MD5 of four messages, $name", ({ create }) => {
  const kernels = create();
  const digests = (messages: readonly Uint8Array[]): string[] => {
    const mark = kernels.arena.mark();
    const given = messages.map((message) => {
      const to = kernels.arena.u8(message.length);
      to.set(message);
      return to;
    });
    const found = md5OfFour(given, kernels).map((digest) => Buffer.from(digest).toString("base64"));
    kernels.arena.release(mark);
    return found;
  };

  it("is what OpenSSL says, for messages of any lengths", () => {
    const message = fc.uint8Array({ maxLength: 400, size: "max" });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), (messages) => {
        expect(digests(messages)).toEqual(messages.map(md5));
      }),
      { numRuns: 150, seed: 5 },
    );
  });

  it.each([0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 100_003])("ends well at %i bytes", (n) => {
    const messages = [0, 1, 2, 3].map((k) => Uint8Array.from({ length: n + 64 * k }, (_, i) => (i * 31 + k) & 255));
    expect(digests(messages)).toEqual(messages.map(md5));
  });
});
