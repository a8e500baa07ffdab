import { defineConfig } from "rolldown"

/** The library and the command as few files, of which each run loads what it needs; packages stay outside. */
export default defineConfig({
  input: { index: "src/index.ts", cli: "src/cli.ts", emit: "src/emit.ts" },
  platform: "node",
  external: /^[^./]/,
  output: { dir: "dist", cleanDir: true, sourcemap: true, chunkFileNames: "[name].js" },
})
