import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const NDARRAY = fileURLToPath(new URL("src/web/core/ndarray.ts", import.meta.url));

/** The pages of `xrdct serve`: src/web to dist/web, all that they need inside. */
export default defineConfig({
  root: "src/web",
  base: "./",
  plugins: [react()],
  // these packages compile code out of text, which the page may not; of the second nothing is used
  resolve: { alias: { ndarray: NDARRAY, "ndarray-ops": NDARRAY } },
  build: {
    outDir: process.env["XRDCT_WEB"] ?? "../../dist/web",
    emptyOutDir: true,
    target: "es2023",
    sourcemap: false,
    chunkSizeWarningLimit: 2000,
    license: { fileName: "licenses.md" },
  },
});
