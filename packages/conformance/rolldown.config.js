import { bundled } from "@nexhina/viewer/bundled"
import { defineConfig } from "rolldown"

/** The library and the command as few files, of which each run loads what it needs; packages stay outside. */
export default defineConfig({
  input: { index: "src/index.ts", cli: "src/cli.ts", emit: "src/emit.ts", vitest: "src/vitest.ts" },
  platform: "node",
  plugins: [bundled()],
  // The script of a page is bundled whole; its name begins with a point.
  external: /^[^./]/,
  output: { dir: "dist", cleanDir: true, sourcemap: true, chunkFileNames: "[name].js" },
})
