export * from "./poni.ts";
