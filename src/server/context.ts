import type { ServedFolder } from "./served-folder.ts";

/** What every route is given. */
export interface ServerContext {
  readonly folder: ServedFolder;
  /** path inside that is to be opened at once */
  readonly open?: string;
  /** worker threads that a run or a refinement may take */
  readonly workers: number;
  readonly memoryBytes: number;
  /** work to be ended when the server stops; awaited, all at the same time */
  readonly onClose: (end: () => void | Promise<void>) => void;
}
