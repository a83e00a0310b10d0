/** Files that are opened through another file of the same scan: an EIGER's data files, a LAMBDA's other modules. */
import { basename, dirname, join } from "node:path";

/**
 * The paths without those that another one of them opens itself, so that a folder or a pattern counts no frame twice:
 * `run_data_000001.h5` beside `run_master.h5`, and `run_m2_part00000.nxs` beside `run_m1_part00000.nxs`.
 */
export function withoutMembersOfSets(paths: readonly string[]): string[] {
  const given = new Set(paths);
  return paths.filter((path) => {
    const leader = leaderOf(basename(path));
    const isMember = leader !== undefined && leader !== basename(path) && given.has(join(dirname(path), leader));
    return !isMember;
  });
}

/** The name of the file that opens the one of this name, if there is such a file; the first of a LAMBDA's set leads itself. */
export function leaderOf(name: string): string | undefined {
  const eiger = /^(.*)_data_\d{3,}(\.h5)$/.exec(name);
  if (eiger) return `${eiger[1]}_master${eiger[2]}`;
  const lambda = /^(.*_m)\d+(?:(_part)(\d+))?(\.nxs)$/.exec(name);
  if (!lambda) return undefined;
  const [, stem, part, digits, ending] = lambda;
  return `${stem}1${part ? `${part}${"0".repeat(digits!.length)}` : ""}${ending}`;
}
