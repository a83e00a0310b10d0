/**
 * Writes src/crystal/tables/phases.ts from phases/*.cif, so that the phases of a cell are there without files.
 * Run when a CIF changes: `node --import tsx scripts/crystal-phases.mjs`. src/crystal/phases.test.ts holds the two together.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findByHall } from "../src/crystal/index.ts";
import { readCif } from "../src/files/cif.ts";
import { parseCifBlocks } from "../src/files/cif-syntax.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** CIFs have ten digits of a third; the program has all. */
const exact = (value) => {
  const near = Math.round(value * 24) / 24;
  return Math.abs(near - value) < 1e-9 ? near : value;
};

function entryOf(file) {
  const text = readFileSync(`${root}/phases/${file}`, "utf8");
  const [{ items }] = parseCifBlocks(text, file);
  const value = (tag) => items.get(tag)[0].text;
  const [{ name, cell, sites }] = readCif(text, file);
  const hall = findByHall(value("_space_group_name_hall")).hall;
  return [
    name,
    {
      title: value("_chemical_name_common"),
      source: value("_publ_section_comment").split("\n").join("; "),
      cell: [cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma],
      hall,
      sites: sites.map(({ label, scatterer, x, y, z, occupancy, bIso }) => [
        label,
        scatterer,
        exact(x),
        exact(y),
        exact(z),
        exact(occupancy),
        bIso,
      ]),
    },
  ];
}

/** Name -> entry, in the order of names. */
export const phaseEntries = () =>
  Object.fromEntries(
    readdirSync(`${root}/phases`)
      .filter((file) => file.endsWith(".cif"))
      .sort((p, q) => (p.toLowerCase() < q.toLowerCase() ? -1 : 1))
      .map(entryOf),
  );

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(
    `${root}/src/crystal/tables/phases.ts`,
    `/**
 * The structures of phases/*.cif, written by scripts/crystal-phases.mjs: change the CIF, not this file.
 * cell: a b c alpha beta gamma; sites: label, scatterer, x, y, z, occupancy, bIso.
 */
export const PHASES = ${JSON.stringify(phaseEntries())} as const;
`,
  );
}
