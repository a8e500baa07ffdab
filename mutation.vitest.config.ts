import { defineConfig, mergeConfig } from "vitest/config"
import base from "./vitest.config.ts"

const policies = ["target/{learn,offered}", "engine/{shrink,verdict,finding,conclude}"]

/** The tests of the engine's policies alone: `pnpm mutation` runs them once for every mutant. */
const config = mergeConfig(base, { test: { isolate: true } })
config.test.include = policies.map((policy) => `packages/conformance/src/${policy}.test.ts`)

export default defineConfig(config)
