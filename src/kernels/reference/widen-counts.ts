/**
 * Counts of 8 or 16 bits as int32. Unsigned ones whose bits are all set mark a bad pixel and become -1, which a bad
 * pixel is in signed ones.
 *
 * @param source    [n itemBytes] u8
 * @param out       [n] i32
 * @param itemBytes 1 or 2
 * @param isSigned  0 or 1
 */
export function widenCounts(source: Uint8Array, out: Int32Array, n: number, itemBytes: number, isSigned: number): void {
  const unused = 32 - 8 * itemBytes;
  const bad = isSigned ? Number.NaN : 2 ** (8 * itemBytes) - 1;
  for (let i = 0; i < n; i++) {
    const bits = itemBytes === 1 ? source[i]! : source[2 * i]! | (source[2 * i + 1]! << 8);
    const count = isSigned ? (bits << unused) >> unused : bits;
    out[i] = count === bad ? -1 : count;
  }
}
