/** Direct least-squares reconstruction: lattice parameters from the sinograms, parallax in the model. */
export { DlsrConfig, type DlsrPhaseConfig } from "./config.ts";
export { reconstructDirect } from "./direct.ts";
export type {
  ConventionalPhase,
  DirectInput,
  DirectResult,
  DlsrReport,
  EarlierDirect,
  GlobalReport,
  MapStatistics,
  ParameterReport,
} from "./direct-input.ts";
export {
  type ChannelMoments,
  channelMoments,
  createReducer,
  type RaySource,
  type RaySources,
  type ReduceJob,
  raysInMemory,
  reduceRays,
  sumChannels,
} from "./rays.ts";
export {
  awayRunner,
  itemsOf,
  type ProductJob,
  type ProductRunner,
  runProduct,
  serialRunner,
} from "./runner.ts";
export type { DepthNodes, DlsrGeometry, DlsrPhase, DlsrProblem, PhaseResponse, VoxelList } from "./types.ts";
