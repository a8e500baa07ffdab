import { defineConfig } from "vitest/config"
import { bundled } from "./packages/viewer/bundled.js"

// By hand, tests run from sources, so that a change is seen without a build: every workspace package exports its `src`
// under the condition "source". The command `test` builds first, and sets this: packages import each other as built,
// which node runs in two thirds of the time.
const isBuilt = process.env["TEST_BUILT"] === "1"
const conditions = ["source"]

export default defineConfig({
  plugins: [bundled()],
  ...(!isBuilt && { resolve: { conditions } }),
  ...(!isBuilt && { ssr: { resolve: { conditions, externalConditions: conditions } } }),
  test: {
    include: ["packages/*/{src,test}/**/*.test.ts", "apps/*/{src,test}/**/*.test.ts", "examples/*/*.test.ts"],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    maxConcurrency: 8,
    maxWorkers: "100%",
    // Importing the schemas takes longer than most files of tests: a worker does it once, not once for each file.
    isolate: false,
    // Node loads what is built; Vite would transform it again.
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
    // One line for each file; a test is named only when it fails or takes very long.
    slowTestThreshold: 20_000,
    reporters: process.env["CI"]
      ? ["default", ["json", { outputFile: process.env["TEST_RESULTS"] ?? ".vitest/results.json" }]]
      : ["default"],
  },
})
