/**
 * WebGPU in Node: the optional package `webgpu` (Dawn), where the user has installed it beside xrdct. It is looked for
 * there and nowhere else, so that no folder of data can bring code along.
 */
import { pathToFileURL } from "node:url";
import { Gpu } from "../../gpu/index.ts";

export interface OpenedGpu {
  readonly gpu: Gpu;
  /** a program that stands in for a GPU: right, and slower than the kernels */
  readonly isSoftware: boolean;
}

/** Most that one binding is asked for: what every recent GPU has, and larger parts gain nothing. */
const MOST_BYTES = 2 ** 30;

/** Dawn ends with its instance, and takes the devices with it: it has to live as long as the thread. */
let instance: GPU | undefined;

/**
 * The fastest adapter of this machine, opened for this thread; its `gpu` is to be closed.
 *
 * @returns why there is none, in words that follow "no GPU: "
 */
export async function openGpu(): Promise<OpenedGpu | string> {
  const missing = await loadDawn();
  if (missing) return missing;
  const adapter = await instance!.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return "WebGPU finds no adapter on this machine (a GPU needs its Vulkan driver, libvulkan included)";
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  try {
    const opened = await adapter.requestDevice({
      requiredLimits: {
        maxStorageBufferBindingSize: Math.min(maxStorageBufferBindingSize, MOST_BYTES),
        maxBufferSize: Math.min(maxBufferSize, MOST_BYTES),
      },
    });
    const name = [vendor, device || architecture, description].filter(Boolean).join(", ");
    return {
      gpu: new Gpu(opened, name),
      isSoftware: isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(name),
    };
  } catch (error) {
    return `the GPU ${description} cannot be opened: ${(error as Error).message}`;
  }
}

async function loadDawn(): Promise<string | undefined> {
  if (instance) return undefined;
  const place = process.env["XRDCT_WEBGPU"];
  try {
    // by a variable: TypeScript would ask for the package's types, which are not there
    const from = place ? pathToFileURL(`${place}/index.js`).href : "webgpu";
    const { create } = (await import(from)) as { create: (options: string[]) => GPU };
    instance = create([]);
    return undefined;
  } catch (error) {
    if (!place && (error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND")
      return "the optional package webgpu is not installed (npm install webgpu, beside xrdct)";
    return `the package webgpu does not load here: ${(error as Error).message.split("\n")[0]}`;
  }
}
