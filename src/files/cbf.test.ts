import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import { loadKernels } from "../pipeline/load-kernels.ts";
import { decodeCbf, decodeCbfInto, decodeCbfsInto, encodeCbf } from "./cbf.ts";

const code = (wanted: string) => expect.objectContaining({ name: "InputError", code: wanted });
const ramp = {
  rows: 20,
  cols: 31,
  header: { Exposure_time: "0.5000000 s", Detector: "PILATUS 2M" },
  data: Int32Array.from({ length: 620 }, (_, i) => (i % 37 === 0 ? 70000 * (i - 300) : 100 - i)),
};

describe("CBF files", () => {
  it("give back the pixels and the header they were written with", () => {
    const read = decodeCbf(encodeCbf(ramp), "ramp.cbf");
    expect(read).toMatchObject({ rows: 20, cols: 31, header: ramp.header });
    expect(read.data).toEqual(ramp.data);
  });
  it("hold any integers, the largest steps of 32 bits included", () => {
    const arrays = fc.oneof(
      fc.int32Array({ minLength: 1, maxLength: 90 }),
      fc.uint32Array({ minLength: 1, maxLength: 90 }),
    );
    fc.assert(
      fc.property(arrays, (data) => {
        expect(decodeCbf(encodeCbf({ rows: 1, cols: data.length, header: {}, data }), "x.cbf").data).toEqual(data);
      }),
    );
  });
  it("name the file, what was found and what is needed when cut off anywhere", () => {
    const bytes = encodeCbf(ramp);
    for (const length of [10, 400, bytes.length - 700]) {
      expect(() => decodeCbf(bytes.subarray(0, length), "cut.cbf")).toThrow(code("cbf-truncated"));
    }
  });
  it("with one flipped bit do not pass the checksum, and pass where it is not asked for", () => {
    const bytes = encodeCbf(ramp);
    bytes[bytes.length - 300]! ^= 1;
    expect(() => decodeCbf(bytes, "flipped.cbf")).toThrow(code("cbf-checksum"));
    expect(decodeCbf(bytes, "flipped.cbf", { verify: false }).data).not.toEqual(ramp.data);
  });
  it("of another shape than the frames before are refused", () => {
    const kernels = loadKernels({ build: "simd" });
    const bytes = encodeCbf(ramp);
    const inArena = kernels.arena.u8(bytes.length);
    inArena.set(bytes);
    expect(() => decodeCbfInto(inArena, "small.cbf", kernels.arena.i32(619), kernels)).toThrow(code("frame-shape"));
  });
  it("four at a time are those read one by one, and so is what is wrong with each", () => {
    const kernels = loadKernels({ build: "simd" });
    const { arena } = kernels;
    const good = encodeCbf(ramp);
    const other = encodeCbf({ ...ramp, data: ramp.data.map((value, i) => value * (i % 3)) });
    const damaged = fc
      .tuple(fc.constantFrom(good, other), fc.nat(good.length - 1), fc.constantFrom(0, 1, 128), fc.boolean())
      .map(([bytes, at, flip, isCut]) => {
        const changed = Uint8Array.from(bytes);
        changed[at]! ^= flip;
        return isCut ? changed.subarray(0, at) : changed;
      });
    const placed = (bytes: Uint8Array): Uint8Array => {
      const inArena = arena.u8(bytes.length);
      inArena.set(bytes);
      return inArena;
    };
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant(good), damaged), { minLength: 1, maxLength: 4 }), (all) => {
        const mark = arena.mark();
        const files = all.map((bytes, i) => ({ bytes: placed(bytes), name: `${i}.cbf` }));
        const outs = files.map(() => arena.i32(620));
        const problems = decodeCbfsInto(files, outs, kernels);
        files.forEach(({ bytes, name }, i) => {
          const alone = arena.i32(620);
          let message: string | undefined;
          try {
            decodeCbfInto(bytes, name, alone, kernels);
            expect(outs[i]).toEqual(alone);
          } catch (error) {
            message = (error as Error).message;
          }
          expect(problems[i]?.message).toBe(message);
        });
        arena.release(mark);
      }),
      { numRuns: 200, seed: 11 },
    );
  });
  it("with fractions cannot be written", () => {
    expect(() => encodeCbf({ ...ramp, data: new Float32Array(620) })).toThrow(code("cbf-needs-integers"));
  });
  it("damaged in any way give an InputError or an image", () => {
    expectOnlyInputErrors(encodeCbf(ramp), (bytes) => decodeCbf(bytes, "fuzz.cbf", { verify: false }));
  });
});

describe.skipIf(!hasShared)("the CeO2 frame (needs ../shared)", () => {
  const bytes = hasShared ? readFileSync(shared("data/detector/ndtomo_ceo2_71keV/CeO2.cbf")) : Buffer.alloc(0);
  // fabio 0.14.0: d = fabio.open(f).data; d.astype("i8").sum(), d.min(), d.max(),
  // (d.astype("i8") * (np.arange(d.size) % 997 + 1).reshape(d.shape)).sum()
  const fabio = { sum: 1692833047, min: -2, max: 1140729, weighted: 845439906892 };
  const figures = (data: ArrayLike<number>) => {
    let [sum, min, max, weighted] = [0, Infinity, -Infinity, 0];
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      sum += value;
      min = Math.min(min, value);
      max = Math.max(max, value);
      weighted += value * ((i % 997) + 1);
    }
    return { sum, min, max, weighted };
  };
  it("decodes to fabio's pixels, checksum verified", () => {
    const frame = decodeCbf(bytes, "CeO2.cbf");
    expect([frame.rows, frame.cols]).toEqual([1679, 1475]);
    expect(figures(frame.data)).toEqual(fabio);
    expect(frame.header["_Misc.roi"]).toBe("<0,0>-<1475x1679>");
  });
  it("decodes to the same pixels straight into the kernel arena", () => {
    const kernels = loadKernels();
    const file = kernels.arena.u8(bytes.length);
    const out = kernels.arena.i32(1679 * 1475);
    file.set(bytes);
    decodeCbfInto(file, "CeO2.cbf", out, kernels);
    expect(figures(out)).toEqual(fabio);
  });
});
