/**
 * A GPU for tests: Dawn in Node (the package `webgpu`, in node_modules or where XRDCT_TEST_WEBGPU points) over a Vulkan driver
 * that is a program: SwiftShader of Debian's chromium, or Mesa's lavapipe. Tests that need it are skipped by name without.
 */
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { env } from "node:process";
import { pathToFileURL } from "node:url";
import { Gpu } from "../src/gpu/index.ts";

const chromium = dirname(env["XRDCT_CHROMIUM"] ?? "/usr/lib/chromium/chromium");
const icds = "/usr/share/vulkan/icd.d";

const driver = [
  env["VK_DRIVER_FILES"] ?? env["VK_ICD_FILENAMES"],
  join(chromium, "vk_swiftshader_icd.json"),
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  ...(existsSync(icds)
    ? readdirSync(icds)
        .filter((name) => name.startsWith("lvp"))
        .map((name) => join(icds, name))
    : []),
].find((path) => path && existsSync(path));

function findDawn(): string | undefined {
  if (env["XRDCT_TEST_WEBGPU"]) return env["XRDCT_TEST_WEBGPU"];
  try {
    return dirname(createRequire(import.meta.url).resolve("webgpu"));
  } catch {
    return undefined;
  }
}
const dawn = findDawn();

export const hasSoftwareGpu = driver !== undefined && dawn !== undefined;

/** For processes that a test starts. */
export const GPU_ENVIRONMENT: Readonly<Record<string, string>> = !(driver && dawn)
  ? {}
  : {
      XRDCT_WEBGPU: dawn,
      VK_DRIVER_FILES: driver,
      VK_ICD_FILENAMES: driver,
      LD_LIBRARY_PATH: [dirname(driver), env["LD_LIBRARY_PATH"]].filter(Boolean).join(":"),
    };

/** dlopen's flag: stays in memory although Node, which looks for an addon in it, gives it back. */
const [RTLD_NOW, RTLD_NODELETE] = [2, 0x1000];

/** Makes this process and its threads find the software driver; Vulkan's loader is that of chromium where there is no other. */
export function findSoftwareGpu(): void {
  Object.assign(env, GPU_ENVIRONMENT);
  const loader = join(dirname(driver ?? ""), "libvulkan.so.1");
  if (!existsSync(loader)) return;
  try {
    process.dlopen({ exports: {} }, loader, RTLD_NOW | RTLD_NODELETE);
  } catch {
    // it is no addon, but it is loaded
  }
}

/** Dawn ends with its instance, and takes the devices with it. */
let instance: GPU | undefined;

/** A device of its own, as small as asked for. */
export async function softwareDevice(): Promise<GPUDevice> {
  findSoftwareGpu();
  const { create } = (await import(pathToFileURL(`${dawn}/index.js`).href)) as { create: (options: string[]) => GPU };
  instance ??= create([]);
  const adapter = await instance.requestAdapter();
  return adapter!.requestDevice();
}

export const softwareGpu = async (options?: { bindingBytes?: number }): Promise<Gpu> =>
  new Gpu(await softwareDevice(), "software", options);
