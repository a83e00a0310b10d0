/** All kernels by name; each has a twin of the same name in ../assembly. */
export { accumulate } from "./accumulate.ts";
export { decodeByteOffset } from "./decode-byte-offset.ts";
