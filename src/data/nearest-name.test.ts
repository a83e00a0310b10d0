import { expect, it } from "vitest";
import { didYouMean, nearestName } from "./nearest-name.ts";

const NAMES = ["NMC/a", "NMC/c", "NMC/scale", "Cu/scale", "Cu/size", "background", "NMC/Ni1/occupancy"];

it.each([
  ["backgruond", "background"], // swapped
  ["Cu/sise", "Cu/size"], // changed
  ["cu/scale", "Cu/scale"], // case
  ["NMC/scal", "NMC/scale"], // short of one
  ["Ni1/occupancy", "NMC/Ni1/occupancy"], // the end of one name alone
])("%s was meant to be %s", (word, name) => {
  expect(nearestName(word, NAMES)).toBe(name);
  expect(didYouMean(word, NAMES)).toBe(`; did you mean "${name}"?`);
});

it("says nothing where nothing is near", () => {
  expect(nearestName("wavelength", NAMES)).toBeUndefined();
  expect(didYouMean("", [])).toBe("");
});

it("prefers the name itself, then the name that ends so, to one with a letter wrong", () => {
  expect(nearestName("size1", ["size", "Cu/size1"])).toBe("Cu/size1");
  expect(nearestName("a", ["a", "Cu/a"])).toBe("a");
});
