/**
 * Arrays with a shape, as the plots' library wants them, in place of the package "ndarray": that one compiles its
 * accessors out of text, which the page is forbidden to do (Content-Security-Policy). Only what plots use of it.
 */
interface Indexable {
  readonly length: number;
  [i: number]: number;
}

class StridedArray<T extends Indexable> {
  readonly data: T;
  readonly shape: number[];
  readonly stride: number[];
  readonly offset: number;

  constructor(data: T, shape: readonly number[], stride: readonly number[], offset: number) {
    this.data = data;
    this.shape = [...shape];
    this.stride = [...stride];
    this.offset = offset;
  }

  get dimension(): number {
    return this.shape.length;
  }
  get size(): number {
    return this.shape.reduce((product, n) => product * n, 1);
  }
  get dtype(): string {
    return Array.isArray(this.data) ? "array" : this.data.constructor.name.replace("Array", "").toLowerCase();
  }
  /** dimensions from the fastest to the slowest */
  get order(): number[] {
    return this.shape.map((_, i) => i).sort((a, b) => Math.abs(this.stride[a]!) - Math.abs(this.stride[b]!));
  }

  index(...at: number[]): number {
    return at.reduce((sum, i, dimension) => sum + i * this.stride[dimension]!, this.offset);
  }
  get(...at: number[]): number {
    return this.data[this.index(...at)]!;
  }
  set(...given: number[]): number {
    const value = given.at(-1)!;
    this.data[this.index(...given.slice(0, -1))] = value;
    return value;
  }

  transpose(...order: number[]): StridedArray<T> {
    const along = (list: readonly number[]): number[] => order.map((i) => list[i]!);
    return new StridedArray(this.data, along(this.shape), along(this.stride), this.offset);
  }
  /** One index of some dimensions, which fall away; -1 or null keeps a dimension. */
  pick(...at: (number | null | undefined)[]): StridedArray<T> {
    const isKept = (_: unknown, i: number): boolean => !((at[i] ?? -1) >= 0);
    const start = at.reduce<number>((sum, i, d) => ((i ?? -1) >= 0 ? sum + i! * this.stride[d]! : sum), this.offset);
    return new StridedArray(this.data, this.shape.filter(isKept), this.stride.filter(isKept), start);
  }
  lo(...at: (number | null | undefined)[]): StridedArray<T> {
    const start = at.reduce<number>((sum, i, d) => sum + (i ?? 0) * this.stride[d]!, this.offset);
    return new StridedArray(
      this.data,
      this.shape.map((n, d) => n - (at[d] ?? 0)),
      this.stride,
      start,
    );
  }
  hi(...at: (number | null | undefined)[]): StridedArray<T> {
    return new StridedArray(
      this.data,
      this.shape.map((n, d) => at[d] ?? n),
      this.stride,
      this.offset,
    );
  }
  step(...by: (number | null | undefined)[]): StridedArray<T> {
    let start = this.offset;
    const shape = this.shape.map((n, d) => {
      const step = by[d] ?? 1;
      if (step < 0) start += this.stride[d]! * (n - 1);
      return Math.ceil(n / Math.abs(step));
    });
    return new StridedArray(
      this.data,
      shape,
      this.stride.map((s, d) => s * (by[d] ?? 1)),
      start,
    );
  }
}

/** @param shape left out: one dimension; strides left out: the last dimension is the fastest */
export default function ndarray<T extends Indexable>(
  data: T,
  shape: readonly number[] = [data.length],
  stride?: readonly number[],
  offset = 0,
): StridedArray<T> {
  const fastest = shape.map((_, i) => shape.slice(i + 1).reduce((product, n) => product * n, 1));
  return new StridedArray(data, shape, stride ?? fastest, offset);
}
