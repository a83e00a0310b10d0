import type { ServedFolder } from "./served-folder.ts";

/** What every route is given. */
export interface ServerContext {
  readonly folder: ServedFolder;
  /** worker threads that a run or a refinement may take */
  readonly workers: number;
  readonly memoryBytes: number;
  /** work to be ended when the server stops; awaited in reverse order */
  readonly onClose: (end: () => void | Promise<void>) => void;
}
