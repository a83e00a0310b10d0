/** Tests import the server as TypeScript from src; its threads and processes always run what was built. */
const SERVER = new URL(import.meta.url.includes("/src/") ? "../../../dist/server/" : "../", import.meta.url);

/** @param path of the entry below server/, "jobs/run-process.js" */
export const builtScript = (path: string): URL => new URL(path, SERVER);
