/** All that is fuzzed; a new reader adds a line in one of these. */
import { COMMAND_TARGETS } from "./command-targets.ts";
import { CONFIG_TARGETS } from "./config-targets.ts";
import { FRAME_TARGETS } from "./frame-targets.ts";
import { HDF5_TARGETS } from "./hdf5-targets.ts";
import { RUN_TARGETS } from "./run-targets.ts";
import { SERVER_TARGETS } from "./server-targets.ts";
import type { FuzzTarget } from "./target.ts";
import { TEXT_TARGETS } from "./text-targets.ts";

export const TARGETS: readonly FuzzTarget[] = [
  ...FRAME_TARGETS,
  ...TEXT_TARGETS,
  ...CONFIG_TARGETS,
  ...HDF5_TARGETS,
  ...COMMAND_TARGETS,
  ...RUN_TARGETS,
  ...SERVER_TARGETS,
];
