/**
 * Iterations that wait for products with the matrix. This thread's kernels give them at once, another device later: the
 * method is written once, as a generator that yields each product, and run in either way.
 */
export type Product = Promise<void> | undefined;
export type Work<T = void> = Generator<Product, T, void>;

/** The projector pair of another device than this thread. */
export interface AwayPair {
  /** rows = A image, packed by 16 bins, pads and all */
  project(image: Float32Array, rows: Float32Array): Promise<void>;
  /** image = A^T rows, packed by 16 bins; 0 outside the spans */
  backproject(rows: Float32Array, image: Float32Array): Promise<void>;
}

/** Runs work whose products are all there at once. */
export function runNow<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (value) throw new Error("a product that comes later in work that cannot wait"); // a bug of ours
  }
}

/** Runs work that waits for its products. */
export async function runWaiting<T>(work: Work<T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await value;
  }
}
