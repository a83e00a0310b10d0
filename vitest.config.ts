import { defineConfig } from "vitest/config";

const waits = { testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      // a file there starts threads, servers and browsers: it has a process of its own
      {
        // examples import the package by its name, as users do
        resolve: {
          alias: [
            { find: /^xrdct$/, replacement: new URL("src/index.ts", import.meta.url).pathname },
            { find: /^xrdct\/(\w+)$/, replacement: new URL("src/api/$1.ts", import.meta.url).pathname },
          ],
        },
        test: {
          name: "whole",
          include: ["tests/**/*.test.ts"],
          ...waits,
          server: { deps: { external: [/\/dist\//] } },
        },
      },
      // pure functions, which leave nothing behind: modules are loaded once for all files
      { test: { name: "units", include: ["src/**/*.test.ts"], isolate: false, ...waits } },
    ],
  },
});
