/** Frames to patterns, with their corrections, masks and robust statistics. */
export { type BadPixelOptions, type BadPixels, findBadPixels } from "./bad-pixels.ts";
export { IntegrateConfig } from "./config.ts";
export type { IntegrationTables } from "./integration-tables.ts";
export {
  buildTables,
  createIntegrator,
  createIntegratorFrom,
  type IntegrateOptions,
  type IntegrationResult,
  type IntegrationSetup,
  type Integrator,
} from "./integrator.ts";
