/**
 * A WebGPU device at work: buffers that are used again, programs that are compiled once, and errors that are found
 * before a wrong number is believed. Who finds the device is the caller's business (pipeline/gpu in Node, navigator.gpu
 * in a page).
 */
import { InputError } from "../data/index.ts";

/** GPUBufferUsage and GPUMapMode of the standard, which Node does not have as globals. */
const MAP_READ = 0x1;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const UNIFORM = 0x40;
const STORAGE = 0x80;
const MAP_MODE_READ = 0x1;

/** What arrays a device can be given: views of shared memory too. */
export type GpuArray = Float32Array | Int32Array | Uint32Array;

/** Largest number of workgroups in one direction that every device has. */
export const MOST_GROUPS = 65535;

/** What is lent to the products of one call; all its buffers are given back when the call ends. */
export interface GpuJob {
  /** A storage buffer that holds the array. */
  upload(values: GpuArray): GPUBuffer;
  /** A storage buffer of zeros. */
  zeros(length: number): GPUBuffer;
  /**
   * Starts a program on buffers that are bound in their order from 1; the numbers are its parameters, at 0.
   *
   * @param ints,floats the fields of the program's Parameters, i32 first
   */
  start(
    program: GpuProgram,
    buffers: readonly GPUBuffer[],
    parameters: { readonly ints: readonly number[]; readonly floats: readonly number[] },
    groups: readonly [number, number?, number?],
  ): void;
  /** What a buffer holds when everything started so far has ended. */
  read(buffer: GPUBuffer, out: Float32Array): Promise<void>;
}

/** WGSL source; compiled once a device. */
export interface GpuProgram {
  readonly name: string;
  readonly code: string;
}

export class Gpu {
  readonly device: GPUDevice;
  /** as the driver calls it */
  readonly name: string;
  /** most that one binding may have, bytes: what is larger goes in parts */
  readonly bindingBytes: number;
  private readonly pipelines = new Map<string, GPUComputePipeline>();
  private readonly free = new Map<string, GPUBuffer[]>();
  private lostBecause: string | undefined;

  /** @param options.bindingBytes for tests: smaller than the device's own limit */
  constructor(device: GPUDevice, name: string, options: { bindingBytes?: number } = {}) {
    this.device = device;
    this.name = name;
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    this.bindingBytes = Math.min(maxStorageBufferBindingSize, maxBufferSize, options.bindingBytes ?? Infinity);
    device.lost.then(({ reason, message }) => {
      this.lostBecause = message || reason;
    });
  }

  /**
   * Runs work on the device.
   *
   * @throws InputError "gpu-failed" where the device was lost, ran out of memory or found a fault in a program
   */
  async work<T>(work: (job: GpuJob) => Promise<T>): Promise<T> {
    const { device } = this;
    if (this.lostBecause !== undefined) throw this.failure(`was lost (${this.lostBecause})`);
    const lent = new Lent(this);
    const scopes = ["internal", "validation", "out-of-memory"] as const;
    for (const scope of scopes) device.pushErrorScope(scope);
    let thrown: unknown;
    let result: T | undefined;
    try {
      result = await work(lent);
    } catch (error) {
      thrown = error;
    }
    // in a device that is lost scopes may fail as well: then its loss is what is told
    const found = await Promise.all(scopes.map(() => device.popErrorScope().catch(() => null)));
    lent.giveBack();
    if (this.lostBecause !== undefined) throw this.failure(`was lost (${this.lostBecause})`);
    const error = found.find((one) => one !== null);
    if (error) throw this.failure(`failed: ${error.message}`);
    if (thrown !== undefined)
      throw thrown instanceof InputError ? thrown : this.failure(`failed: ${(thrown as Error).message}`);
    return result as T;
  }

  private failure(what: string): InputError {
    return new InputError(
      "gpu-failed",
      `The GPU ${this.name} ${what}. Other programs may hold its memory, or its driver was restarted; fewer --workers need less, --device cpu none.`,
    );
  }

  pipeline({ name, code }: GpuProgram): GPUComputePipeline {
    const ready = this.pipelines.get(code);
    if (ready) return ready;
    const module = this.device.createShaderModule({ label: name, code });
    const made = this.device.createComputePipeline({ label: name, layout: "auto", compute: { module } });
    this.pipelines.set(code, made);
    return made;
  }

  /** A buffer of at least so many bytes, whatever it held. */
  take(usage: number, bytes: number): { readonly buffer: GPUBuffer; readonly isNew: boolean } {
    const size = Math.max(Math.min(roundUp(bytes), 4 * Math.floor(this.bindingBytes / 4)), 4 * Math.ceil(bytes / 4));
    const spare = this.free.get(`${usage} ${size}`)?.pop();
    if (spare) return { buffer: spare, isNew: false };
    return { buffer: this.device.createBuffer({ size, usage }), isNew: true };
  }
  give(buffer: GPUBuffer): void {
    const key = `${buffer.usage} ${buffer.size}`;
    this.free.set(key, [...(this.free.get(key) ?? []), buffer]);
  }

  /** Gives the device back; nothing can be done with it afterwards. */
  close(): void {
    this.device.destroy();
  }
}

/** Sizes in steps of an eighth, so that chunks of about one size share buffers. */
function roundUp(bytes: number): number {
  const step = Math.max(256, 2 ** Math.floor(Math.log2(Math.max(1, bytes)) - 3));
  return Math.ceil(Math.max(bytes, 16) / step) * step;
}

class Lent implements GpuJob {
  private readonly gpu: Gpu;
  private readonly lent: GPUBuffer[] = [];
  /** copied from by commands that are not through yet */
  private readonly staged: GPUBuffer[] = [];

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  upload(values: GpuArray): GPUBuffer {
    return this.copyIn(values, STORAGE | COPY_SRC | COPY_DST);
  }

  zeros(length: number): GPUBuffer {
    const bytes = 4 * length;
    const { buffer, isNew } = this.gpu.take(STORAGE | COPY_SRC | COPY_DST, bytes);
    this.lent.push(buffer);
    if (isNew) return buffer; // by the standard buffers begin as zeros
    const encoder = this.gpu.device.createCommandEncoder();
    encoder.clearBuffer(buffer, 0, Math.min(buffer.size, 4 * Math.ceil(bytes / 4)));
    this.gpu.device.queue.submit([encoder.finish()]);
    return buffer;
  }

  start(
    program: GpuProgram,
    buffers: readonly GPUBuffer[],
    { ints, floats }: { readonly ints: readonly number[]; readonly floats: readonly number[] },
    [x, y = 1, z = 1]: readonly [number, number?, number?],
  ): void {
    const { device } = this.gpu;
    const values = new Float32Array(4 * Math.ceil((ints.length + floats.length) / 4));
    new Int32Array(values.buffer).set(ints);
    values.set(floats, ints.length);
    const pipeline = this.gpu.pipeline(program);
    const all = [this.copyIn(values, UNIFORM | COPY_DST), ...buffers];
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: all.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(x, y, z);
    pass.end();
    device.queue.submit([encoder.finish()]);
  }

  async read(buffer: GPUBuffer, out: Float32Array): Promise<void> {
    const { device } = this.gpu;
    const { buffer: target } = this.gpu.take(MAP_READ | COPY_DST, out.byteLength);
    this.lent.push(target);
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, target, 0, out.byteLength);
    device.queue.submit([encoder.finish()]);
    await target.mapAsync(MAP_MODE_READ, 0, out.byteLength);
    out.set(new Float32Array(target.getMappedRange(0, out.byteLength)));
    target.unmap();
  }

  giveBack(): void {
    for (const buffer of this.lent) this.gpu.give(buffer);
    for (const buffer of this.staged) buffer.destroy();
  }

  /** By a mapped buffer: queue.writeBuffer of Dawn in Node 20 crashes on views of shared memory. */
  private copyIn(values: GpuArray, usage: number): GPUBuffer {
    const { device } = this.gpu;
    const { buffer } = this.gpu.take(usage, values.byteLength);
    this.lent.push(buffer);
    if (values.length === 0) return buffer;
    const staging = device.createBuffer({ size: values.byteLength, usage: COPY_SRC, mappedAtCreation: true });
    this.staged.push(staging);
    const bytes = staging.getMappedRange();
    if (values instanceof Float32Array) new Float32Array(bytes).set(values);
    else new Int32Array(bytes).set(values);
    staging.unmap();
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(staging, 0, buffer, 0, values.byteLength);
    device.queue.submit([encoder.finish()]);
    return buffer;
  }
}
