/** Slices laid on one of them, each in whichever thread is free. */
import type { Kernels } from "../../kernels/index.ts";
import {
  prepareSlice,
  type Registration,
  type RegistrationConfig,
  registerSlices,
  type SliceImage,
} from "../../registration/index.ts";
import type { BlockResult } from "../stage.ts";
import type { BlockRunner } from "../tasks.ts";

export interface RegisterPayload {
  readonly fixed: SliceImage;
  /** one a block */
  readonly moving: readonly SliceImage[];
  readonly config: RegistrationConfig;
}

export interface RegisterBlockResult extends BlockResult {
  readonly registration: Registration;
}

export function setUpRegister(_kernels: Kernels, { fixed, moving, config }: RegisterPayload): BlockRunner {
  const prepared = prepareSlice(fixed, "The reference");
  return {
    run: (block): RegisterBlockResult => ({
      crc: [],
      registration: registerSlices({ fixed: prepared, moving: moving[block]! }, config),
    }),
    close() {},
  };
}
