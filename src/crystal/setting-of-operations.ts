/** The setting of a space group whose operations are given. */
import { hallTriplets } from "./hall-symbol.ts";
import { type SpaceGroupSetting, spaceGroupSettings } from "./space-group.ts";
import { formatOperation, parseOperation } from "./symmetry.ts";

let settings: Map<string, SpaceGroupSetting> | undefined;

/**
 * The setting that has exactly these operations, in any order; undefined where the table has none: its axes or origin
 * are nobody's standard.
 *
 * @throws InputError "bad-symmetry-operation"
 */
export function settingOfOperations(operations: readonly string[]): SpaceGroupSetting | undefined {
  // 0.1 s for all 559, so once, and only where somebody asks
  settings ??= new Map(
    [...spaceGroupSettings].reverse().map((setting) => [keyOf(hallTriplets(setting.hall)), setting]),
  );
  return settings.get(keyOf(operations.map((triplet) => formatOperation(parseOperation(triplet)))));
}

const keyOf = (operations: readonly string[]): string => [...new Set(operations)].sort().join(";");
