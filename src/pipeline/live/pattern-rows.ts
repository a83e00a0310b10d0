/** Patterns in the order in which their frames came: [slot][intensity, sigma][bin] float32 in one file that grows. */
import { closeSync, openSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { readFully } from "../../files/byte-source.ts";
import { diskError } from "../disk-error.ts";

export class PatternRows {
  readonly bins: number;
  private readonly path: string;
  private readonly fd: number;

  private constructor(path: string, bins: number, flags: string) {
    this.path = path;
    this.bins = bins;
    try {
      this.fd = openSync(path, flags);
    } catch (error) {
      throw diskError(error, path);
    }
  }

  static create(path: string, bins: number): PatternRows {
    return new PatternRows(path, bins, "a+");
  }
  static open(path: string, bins: number): PatternRows {
    return new PatternRows(path, bins, "r+");
  }

  /** @returns crc32 of the bytes written */
  write(slot: number, intensity: Float32Array, sigma: Float32Array): number {
    const row = new Float32Array(2 * this.bins);
    row.set(intensity);
    row.set(sigma, this.bins);
    const bytes = asBytes(row);
    try {
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.fd, bytes, done, bytes.length - done, slot * bytes.length + done);
    } catch (error) {
      throw diskError(error, this.path, bytes.length);
    }
    return crc32(bytes);
  }

  /** The row, or undefined where it is not what was written. @throws InputError "disk-error" */
  read(slot: number, crc: number): { intensity: Float32Array; sigma: Float32Array } | undefined {
    const row = new Float32Array(2 * this.bins);
    const bytes = asBytes(row);
    const found = readFully(this.fd, slot * bytes.length, bytes, this.path);
    if (found.length < bytes.length || crc32(bytes) !== crc) return undefined;
    return { intensity: row.subarray(0, this.bins), sigma: row.subarray(this.bins) };
  }

  close(): void {
    closeSync(this.fd);
  }
}

const asBytes = (data: Float32Array): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
