import { readFileSync } from "node:fs"
import { defineConfig } from "rolldown"

const { dependencies, peerDependencies } = JSON.parse(readFileSync("package.json", "utf8"))
const outside = new RegExp(`^(${Object.keys({ ...dependencies, ...peerDependencies }).join("|")})(/|$)`)

/** The command with all it is made of, in a few files that are loaded when they are needed. */
export default defineConfig({
  input: {
    cli: "src/cli.ts",
    // The mock starts it as a thread, by this name and from this folder.
    reader: "../../packages/mock/src/audio/reader.js",
  },
  platform: "node",
  resolve: { conditionNames: ["source", "node", "import", "default"] },
  external: outside,
  output: { dir: "dist", cleanDir: true, sourcemap: true, chunkFileNames: "[name].js" },
})
