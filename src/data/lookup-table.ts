/**
 * A table that words of files and requests are looked up in. It has its own entries and nothing else: in a plain object
 * "constructor" and "toString" are found as well.
 */
export const lookupTable = <T extends object>(entries: T): T => Object.assign(Object.create(null), entries);
