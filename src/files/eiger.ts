/**
 * EIGER master files (Dectris FileWriter): links entry/data/data_000001, data_000002 ... to one file each, which hold
 * the frames one after the other. A master whose data files were not all copied still opens: their frames are missing.
 */
import { InputError } from "../data/index.ts";
import type { Hdf5Dataset, Hdf5File } from "./hdf5.ts";
import type { FrameBlock } from "./hdf5-frames.ts";

export interface EigerBlocks {
  readonly group: string;
  /** the first data file that is there: the shape and type of all */
  readonly first: Hdf5Dataset;
  readonly blocks: readonly FrameBlock[];
}

/**
 * The numbered frame blocks of a master, or undefined where the file is not one.
 *
 * @throws InputError "eiger-data-missing" where none of the data files is there, "eiger-data-differs" where their
 *         frames are not alike
 */
export function findEigerBlocks(file: Hdf5File): EigerBlocks | undefined {
  const group = ["entry/data", "entry"].find((at) => numbered(file.members(at)).length > 0);
  if (!group) return undefined;
  // Newer masters hold a virtual dataset over all files as well; the links say which file is absent.
  const names = numbered(file.members(group));
  const datasets = names.map((name) => file.dataset(`${group}/${name}`));
  const first = datasets.find((dataset) => dataset !== undefined);
  if (!first) throw new InputError("eiger-data-missing", missingMessage(file, group, names));
  const perFile = Math.max(...datasets.map((dataset) => dataset?.shape?.[0] ?? 0));
  const total = frameTotal(file);
  const present = datasets.reduce((sum, dataset) => sum + (dataset?.shape?.[0] ?? 0), 0);
  const absent = datasets.filter((dataset) => !dataset).length;
  const blocks = datasets.map((dataset, i): FrameBlock => {
    if (dataset) {
      checkSame(file, first, dataset);
      return { file, dataset: dataset.path, count: dataset.shape![0]! };
    }
    const isLast = i === datasets.length - 1;
    const rest = total === undefined ? perFile : total - present - (absent - 1) * perFile;
    const count = isLast && rest > 0 ? Math.min(rest, perFile) : perFile;
    return { file, dataset: undefined, count, reason: `${linkFile(file, `${group}/${names[i]}`)} cannot be opened` };
  });
  return { group, first, blocks };
}

const numbered = (names: readonly string[]): string[] => names.filter((name) => /^data_\d{3,}$/.test(name)).sort();

function linkFile(file: Hdf5File, path: string): string {
  return file.contents(path.slice(0, path.lastIndexOf("/"))).broken.find((link) => link.path === path)?.target ?? path;
}

/** nimages x ntrigger of the detector's settings, where the master has them. */
function frameTotal(file: Hdf5File): number | undefined {
  const specific = "entry/instrument/detector/detectorSpecific";
  const images = file.numbers(`${specific}/nimages`)?.[0];
  const triggers = file.numbers(`${specific}/ntrigger`)?.[0] ?? 1;
  return images === undefined ? undefined : images * triggers;
}

function checkSame(file: Hdf5File, first: Hdf5Dataset, other: Hdf5Dataset): void {
  const [a, b] = [first.shape!, other.shape ?? []];
  if (b.length === a.length && b.at(-1) === a.at(-1) && b.at(-2) === a.at(-2) && other.type === first.type) return;
  throw new InputError(
    "eiger-data-differs",
    `${file.path}: ${other.path} is [${b.join(", ")}] ${other.type} where ${first.path} is [${a.join(", ")}] ${first.type}. The data files are not of one measurement; copy those that belong to this master.`,
  );
}

function missingMessage(file: Hdf5File, group: string, names: readonly string[]): string {
  const broken = file.contents(group).broken.map((link) => link.target);
  return `${file.path} is an EIGER master whose ${names.length} data files are all absent: ${broken.slice(0, 3).join(", ")}. Put them in the same folder as the master, under the names they were written with.`;
}
