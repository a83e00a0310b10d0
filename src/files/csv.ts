/** Maps as .csv for spreadsheets and plotting programs, and lists of numbers (angles, monitor counts, d-spacings). */
import { InputError, type ParameterMap } from "../data/index.ts";

/**
 * A map as a grid: one line for each y, the first line the highest y as in the figure; NaN is an empty field. The
 * head says what it is, with its unit and the voxel's size.
 */
export function formatMapCsv(map: ParameterMap, voxelMm?: number): string {
  return grid(map, map.values, `${map.name}${map.unit ? ` [${map.unit}]` : ""}`, voxelMm);
}

/** The map's standard uncertainties in the same form; undefined where it has none. */
export function formatMapEsdCsv(map: ParameterMap, voxelMm?: number): string | undefined {
  return map.esd && grid(map, map.esd, `${map.name}_esd${map.unit ? ` [${map.unit}]` : ""}`, voxelMm);
}

function grid({ ny, nx }: ParameterMap, values: ArrayLike<number>, title: string, voxelMm: number | undefined): string {
  const size = voxelMm === undefined ? "" : `, voxel ${voxelMm} mm`;
  const lines = [`# ${title}, ${ny} x ${nx} (y, x)${size}, first line is the highest y`];
  for (let y = ny - 1; y >= 0; y--) {
    const fields: string[] = [];
    for (let x = 0; x < nx; x++) {
      const value = values[y * nx + x]!;
      fields.push(Number.isFinite(value) ? String(Number(value.toPrecision(9))) : "");
    }
    lines.push(fields.join(","));
  }
  return `${lines.join("\n")}\n`;
}

/**
 * Numbers from text, one or several a line, in the order of the file: rotation angles, monitor counts, d-spacings.
 *
 * @param name what to call the file in messages
 * @throws InputError "list-empty" | "list-not-numbers"
 */
export function parseNumberList(text: string, name: string): Float64Array {
  const numbers: number[] = [];
  text.split(/\r\n|\r|\n/).forEach((line, i) => {
    const content = line.replace(/[#!%].*$/, "").trim();
    if (content === "") return;
    const fields = content.split(/[\s,;]+/).filter((part) => part !== "");
    const values = fields.map(Number);
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong < 0) for (const value of values) numbers.push(value);
    else if (numbers.length > 0) {
      throw new InputError(
        "list-not-numbers",
        `${name}, line ${i + 1}: "${fields[wrong]!.slice(0, 40)}" is not a number. Needed is one number a line; begin comments with #.`,
      );
    }
    // lines with words above the first number are a header
  });
  if (numbers.length > 0) return Float64Array.from(numbers);
  throw new InputError("list-empty", `${name}: no numbers found. Needed is one number a line.`);
}
