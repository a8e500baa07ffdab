import { defineConfig } from "vitest/config"

/** For the tests of conformance.fixture.ts, which use the packages as they are built. */
export default defineConfig({
  test: { include: ["*.fixture.ts"], server: { deps: { external: [/\/dist\//] } } },
})
