/**
 * An array [item, bin] of float32 in one file, stored as blocks of BIN_BLOCK bins:
 *
 *   file = block 0 [item, 32], block 1 [item, 32], ..., last block [item, bins left]
 *
 * Stages that work pattern by pattern (integrate, map) read and write runs of items; stages that work bin by bin
 * (sinogram, reconstruct) read and write whole blocks in one piece. Several threads may write different parts.
 * An item is a measured point (angle x translation) or a voxel (y x x).
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { InputError } from "../data/index.ts";
import { notReadable } from "../files/byte-source.ts";
import { diskError } from "./disk-error.ts";

export const BIN_BLOCK = 32;

export interface BlockedArrayShape {
  readonly items: number;
  readonly bins: number;
}

export class BlockedArray {
  readonly path: string;
  readonly items: number;
  readonly bins: number;
  private readonly fd: number;

  private constructor(path: string, { items, bins }: BlockedArrayShape, flags: string) {
    this.path = path;
    this.items = items;
    this.bins = bins;
    try {
      this.fd = openSync(path, flags);
    } catch (error) {
      throw diskError(error, path);
    }
  }

  /** A new file of full size; what is not written reads as 0. */
  static create(path: string, shape: BlockedArrayShape): BlockedArray {
    const array = new BlockedArray(path, shape, "w+");
    try {
      ftruncateSync(array.fd, shape.items * shape.bins * 4);
    } catch (error) {
      array.close();
      throw diskError(error, path, shape.items * shape.bins * 4);
    }
    return array;
  }
  static open(path: string, shape: BlockedArrayShape): BlockedArray {
    return new BlockedArray(path, shape, "r+");
  }

  get blocks(): number {
    return Math.ceil(this.bins / BIN_BLOCK);
  }
  /** Bins in a block: BIN_BLOCK but for the last one. */
  width(block: number): number {
    return Math.min(BIN_BLOCK, this.bins - block * BIN_BLOCK);
  }

  /** @param out [item, width] */
  readBlock(block: number, out: Float32Array): void {
    this.read(out.subarray(0, this.items * this.width(block)), this.offset(block, 0));
  }
  /** @param data [item, width] @returns crc32 of the bytes written */
  writeBlock(block: number, data: Float32Array): number {
    return this.write(data.subarray(0, this.items * this.width(block)), this.offset(block, 0), 0);
  }

  /**
   * Some items with a range of their bins.
   *
   * @param out [count, to - from]
   */
  readItems(start: number, count: number, out: Float32Array, from = 0, to = this.bins): void {
    const piece = new Float32Array(count * BIN_BLOCK);
    for (let block = Math.floor(from / BIN_BLOCK); block * BIN_BLOCK < to; block++) {
      const width = this.width(block);
      this.read(piece.subarray(0, count * width), this.offset(block, start));
      const first = block * BIN_BLOCK;
      const lo = Math.max(from, first);
      const hi = Math.min(to, first + width);
      for (let item = 0; item < count; item++) {
        const source = item * width - first;
        out.set(piece.subarray(source + lo, source + hi), item * (to - from) + lo - from);
      }
    }
  }
  /** @param data [count, bins] @returns crc32 of the bytes written */
  writeItems(start: number, count: number, data: Float32Array): number {
    const piece = new Float32Array(count * BIN_BLOCK);
    let crc = 0;
    for (let block = 0; block < this.blocks; block++) {
      const width = this.width(block);
      for (let item = 0; item < count; item++) {
        const from = item * this.bins + block * BIN_BLOCK;
        piece.set(data.subarray(from, from + width), item * width);
      }
      crc = this.write(piece.subarray(0, count * width), this.offset(block, start), crc);
    }
    return crc;
  }

  /** crc32 of what lies in the file, to be held against what writeBlock or writeItems returned. */
  crcOfBlock(block: number): number {
    const data = new Float32Array(this.items * this.width(block));
    this.readBlock(block, data);
    return crc32(asBytes(data));
  }
  crcOfItems(start: number, count: number): number {
    let crc = 0;
    for (let block = 0; block < this.blocks; block++) {
      const piece = new Float32Array(count * this.width(block));
      this.read(piece, this.offset(block, start));
      crc = crc32(asBytes(piece), crc);
    }
    return crc;
  }

  sync(): void {
    fsyncSync(this.fd);
  }
  close(): void {
    closeSync(this.fd);
  }

  private offset(block: number, item: number): number {
    return (this.items * block * BIN_BLOCK + item * this.width(block)) * 4;
  }
  private read(into: Float32Array, at: number): void {
    const bytes = asBytes(into);
    let done = 0;
    while (done < bytes.length) {
      const got = this.readSome(bytes, done, at + done);
      if (got === 0) {
        throw new InputError(
          "work-lost",
          `${this.path} ends at ${at + done} bytes, inside an array of ${this.items} x ${this.bins}: somebody, or the disk, has cut it. Run the same command again, which makes it anew.`,
        );
      }
      done += got;
    }
  }
  private readSome(bytes: Uint8Array, done: number, at: number): number {
    try {
      return readSync(this.fd, bytes, done, bytes.length - done, at);
    } catch (error) {
      throw notReadable(this.path, error);
    }
  }
  private write(data: Float32Array, at: number, crc: number): number {
    const bytes = asBytes(data);
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.fd, bytes, done, bytes.length - done, at + done);
    } catch (error) {
      throw diskError(error, this.path, this.items * this.bins * 4);
    }
    return crc32(bytes, crc);
  }
}

const asBytes = (data: Float32Array): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
