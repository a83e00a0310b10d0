/** The maps of several cells at once. */
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import type { ResultInfo } from "../../server/wire.ts";
import { type ApiError, type Arrays, askArrays } from "../core/api.ts";
import { type LoadedMap, mapParams } from "../explore/loaded-map.ts";
import { hasArray } from "./study-arrays.ts";

/** @returns one for each name; undefined where the file has none or it is not read yet */
export function useMaps(
  info: ResultInfo,
  names: readonly (string | undefined)[],
): { readonly maps: readonly (LoadedMap | undefined)[]; readonly isPending: boolean; readonly error: ApiError | null } {
  const infos = names.map((name) => (name === undefined ? undefined : hasArray(info, name)));
  const queries = useQueries({
    queries: infos.map((array) => {
      const params = array ? mapParams(info.file, array) : {};
      return {
        // as useArrays has it, so that what was read for another view is not read again
        queryKey: ["array", params, undefined, "arrays"],
        queryFn: ({ signal }: { signal: AbortSignal }): Promise<Arrays> => askArrays("array", params, { signal }),
        enabled: array !== undefined,
      };
    }),
  });
  const state = queries.map(({ dataUpdatedAt }) => dataUpdatedAt).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list of queries is new at each call, what it holds is not
  const maps = useMemo(
    () =>
      infos.map((array, i): LoadedMap | undefined => {
        const { data } = queries[i]!;
        if (!array || !data) return undefined;
        const [rows = 0, cols = 0] = array.shape;
        const { values, esd, status } = data.values;
        return { file: info.file, name: array.name, info: array, rows, cols, values: values!, esd, status };
      }),
    [info, names.join(), state],
  );
  return {
    maps,
    isPending: queries.some(({ isPending }, i) => isPending && infos[i] !== undefined),
    error: (queries.find(({ error }) => error)?.error as ApiError | undefined) ?? null,
  };
}
