import * as z from "zod";

const positive = z.number().positive();

export const EchemConfig = z.strictObject({
  capacityAh: positive.optional().meta({
    unit: "Ah",
    description: "what true C-rates refer to; left out: the largest discharge of the record, else its largest charge",
  }),
  nominalCapacityAh: positive.optional().meta({
    unit: "Ah",
    description: "what the label says, for nominal C-rates beside the true ones",
  }),
  massG: positive.optional().meta({ unit: "g", description: "of active material, for capacities per gram" }),
  gainError: z.number().min(0).default(0.001).meta({
    description: "standard uncertainty of the cycler's current as a share of its reading; charge and discharge apart",
  }),
  offsetError: z.number().min(0).default(0.0002).meta({
    description: "standard uncertainty of its zero, as a share of the largest current of the record",
  }),
  restShare: z.number().min(0).max(0.5).default(0.001).meta({
    description: "currents below this share of the largest are a rest",
  }),
  currentTolerance: z.number().positive().max(0.5).default(0.02).meta({
    description: "how far, as a share, a constant current or power may be off its mean",
  }),
  voltageToleranceV: positive.default(0.003).meta({
    unit: "V",
    description: "how far a constant voltage may be off its mean",
  }),
  pulseS: z.number().min(0).default(120).meta({
    unit: "s",
    description: "constant currents between others that last no longer are pulses",
  }),
  smoothingV: positive.default(0.01).meta({
    unit: "V",
    description: "FWHM of the Gaussian that dQ/dV is smoothed with",
  }),
  smoothingShare: z.number().positive().max(0.5).default(0.02).meta({
    description: "FWHM of the Gaussian that dV/dQ is smoothed with, as a share of the capacity of the half cycle",
  }),
});
export type EchemConfig = z.output<typeof EchemConfig>;
