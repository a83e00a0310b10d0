/** Limits as their messages say them, by what they bound: held against the code by tests, and against docs/limits.md. */
export interface Limit {
  readonly code: string;
  /** a part of the message that names it */
  readonly said: string;
  /** as the page has it */
  readonly value: string;
}

const limits = <K extends string>(table: Record<K, Limit>): Record<K, Limit> => table;

export const LIMITS = limits({
  "unzipped frame": { code: "gzip-too-large", said: "more than 512 MiB", value: "512 MiB" },
  "unzipped pattern": { code: "gzip-too-large", said: "more than 64 MiB", value: "64 MiB" },
  "points of a pattern": { code: "pattern-too-large", said: "2000000 points at most", value: "2 000 000" },
  "fields of a cycler's table": { code: "cycler-too-large", said: "at most 30000000", value: "30 000 000" },
  "words of a CIF": { code: "cif-too-large", said: "more than 4000000 words", value: "4 000 000" },
  "unpacked .brml": { code: "brml-damaged", said: "at most 67108864 are unpacked", value: "64 MiB" },
  "read at a time": { code: "file-too-large", said: "at most 1024 MiB", value: "1 GiB" },
  "levels of YAML": { code: "yaml-syntax", said: "at most 100 levels", value: "100 levels" },
  "numbers of a list in HDF5": { code: "hdf5-list-too-long", said: "at most 20000000", value: "20 000 000" },
  "texts of a list in HDF5": { code: "hdf5-list-too-long", said: "at most 100000", value: "100 000" },
  "memory of the HDF5 library": {
    code: "hdf5-too-large",
    said: "256 MiB of memory that it is given",
    value: "256 MiB",
  },
  "bytes of texts in HDF5": { code: "hdf5-list-too-long", said: "at most 67108864", value: "64 MiB" },
});
