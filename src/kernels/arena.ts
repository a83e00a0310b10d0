/**
 * A bump allocator over a range of one WebAssembly memory. Views handed out stay valid when the memory grows,
 * because the memory is shared. Several arenas (one per worker thread) may divide one memory between them.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly start: number;
  readonly end: number;
  private top: number;

  /** @param start, end byte range of the memory that this arena may hand out */
  constructor(memory: WebAssembly.Memory, start: number, end: number) {
    this.memory = memory;
    this.start = align(start);
    this.end = end;
    this.top = this.start;
  }

  f32(length: number): Float32Array {
    return new Float32Array(...this.take(length, 4));
  }
  f64(length: number): Float64Array {
    return new Float64Array(...this.take(length, 8));
  }
  i32(length: number): Int32Array {
    return new Int32Array(...this.take(length, 4));
  }
  u32(length: number): Uint32Array {
    return new Uint32Array(...this.take(length, 4));
  }
  u16(length: number): Uint16Array {
    return new Uint16Array(...this.take(length, 2));
  }
  u8(length: number): Uint8Array {
    return new Uint8Array(...this.take(length, 1));
  }

  /** Remember how much is taken; give it to release to free everything taken since. */
  mark(): number {
    return this.top;
  }
  release(mark: number): void {
    this.top = mark;
  }
  /** Bytes still free in this arena's range. */
  get free(): number {
    return this.end - this.top;
  }

  private take(length: number, size: number): [ArrayBuffer, number, number] {
    const at = this.top;
    const next = align(at + length * size);
    // A bug of ours, not the user's: block sizes are chosen from the memory setting before work starts.
    if (next > this.end)
      throw new RangeError(`kernel arena full: ${next - this.start} of ${this.end - this.start} bytes`);
    this.reach(next);
    this.top = next;
    // TypeScript knows memory.buffer as ArrayBuffer; ours is a SharedArrayBuffer.
    return [this.memory.buffer, at, length];
  }

  /** Grows the memory where it ends before `end`. */
  private reach(end: number): void {
    const { memory } = this;
    for (let missing = end - memory.buffer.byteLength; missing > 0; missing = end - memory.grow(0) * PAGE) {
      const before = memory.buffer.byteLength;
      try {
        memory.grow(Math.ceil(missing / PAGE));
      } catch (error) {
        // another thread may have grown it meanwhile, so that both together would pass the maximum: less is missing now
        if (memory.grow(0) * PAGE === before) throw error;
      }
    }
  }
}

const PAGE = 65536;
/** One cache line, so that no two threads write to the same line. */
const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;
