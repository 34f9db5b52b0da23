// The dashboard: `npm run build` writes it to built/dashboard.

import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: join(import.meta.dirname, "dashboard"),
  // Relative, so that the pages work behind any path prefix.
  base: "./",
  plugins: [react()],
  build: {
    outDir: join(import.meta.dirname, "built", "dashboard"),
    emptyOutDir: true,
    target: "es2022",
    reportCompressedSize: true,
  },
  test: { root: import.meta.dirname, include: ["{dashboard,live,mlflow_panel}/**/*.test.ts"] },
});
