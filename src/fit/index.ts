/** Least squares in float64 (options in, summary out; failure is a value) and robust statistics. Knows no diffraction. */
export * from "./constraints.ts";
export * from "./covariance.ts";
export * from "./jacobian.ts";
export * from "./least-squares.ts";
export * from "./linear-equation.ts";
export * from "./linear-fit.ts";
export * from "./normal-least-squares.ts";
export * from "./normal-problem.ts";
export * from "./robust-loss.ts";
export * from "./robust-statistics.ts";
export * from "./serial-correlation.ts";
