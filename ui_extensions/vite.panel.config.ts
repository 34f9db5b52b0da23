// The panel inside MLflow's pages: one classic script, built/panel.js.

import { join } from "node:path";
import { defineConfig } from "vite";

export default defineConfig({
  root: join(import.meta.dirname, "mlflow_panel"),
  build: {
    outDir: join(import.meta.dirname, "built", "panel"),
    emptyOutDir: true,
    target: "es2022",
    lib: {
      entry: "main.ts",
      formats: ["iife"],
      name: "foveaPanel",
      fileName: () => "panel.js",
    },
  },
});
