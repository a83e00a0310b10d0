import { describe, expect, it } from "vitest";
import { detectorGapMask, findDetector } from "./detectors.ts";

describe("detectors", () => {
  it.each([
    ["Pilatus 2M", "Pilatus2M"],
    ["PILATUS 2M", "Pilatus2M"],
    ["PILATUS3 X CdTe 2M", "PilatusCdTe2M"],
    ["Pilatus2M CdTe", "PilatusCdTe2M"],
    ["Dectris EIGER2 CdTe 1M-W", "Eiger2CdTe_1MW"],
    ["eiger4m", "Eiger4M"],
  ])("%s is %s", (written, name) => expect(findDetector(written)?.name).toBe(name));

  it("does not guess at unknown names", () => expect(findDetector("Detector")).toBeUndefined());

  // pyFAI 0.21.3: m = detector_factory(name).mask; m.sum(), (m.ravel() * (np.arange(m.size) % 997 + 1)).sum()
  it.each([
    ["Pilatus2M", 197365, 98472147],
    ["PilatusCdTe2M", 211405, 105487134],
    ["PilatusCdTe900kw", 16185, 8090195],
    ["Eiger4M", 250330, 125071482],
    ["Eiger2_9M", 664248, 331398632],
    ["Eiger2CdTe_4M", 268520, 133865607],
    ["Maxipix5x1", 4096, 2015802],
  ])("%s has pyFAI's gaps", (name, count, weighted) => {
    const { data } = detectorGapMask(name)!;
    let [found, weight] = [0, 0];
    data.forEach((bad, i) => {
      found += bad;
      weight += bad * ((i % 997) + 1);
    });
    expect([found, weight]).toEqual([count, weighted]);
  });
  it("a detector of one piece has none", () => expect(detectorGapMask("Dexela2923")).toBeUndefined());
});
