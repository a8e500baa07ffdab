import { rolldown } from "rolldown"

const suffix = "?bundled"

/**
 * Creates a plugin for rolldown and vite. `import script from "./page.ts?bundled"` gives the text of a classic script:
 * the module with everything that it imports, minified, for pages that must be a single file.
 */
export function bundled() {
  return {
    name: "bundled",
    async resolveId(source, importer) {
      if (!source.endsWith(suffix)) return null
      const resolved = await this.resolve(source.slice(0, -suffix.length), importer)
      return resolved && `${resolved.id}${suffix}`
    },
    async load(id) {
      if (!id.endsWith(suffix)) return null
      const bundle = await rolldown({
        input: id.slice(0, -suffix.length),
        platform: "browser",
        resolve: { conditionNames: ["source", "import", "default"] },
      })
      const { output } = await bundle.generate({ format: "iife", minify: true })
      for (const file of await bundle.watchFiles) this.addWatchFile(file)
      return `export default ${JSON.stringify(output[0].code)}`
    },
  }
}
