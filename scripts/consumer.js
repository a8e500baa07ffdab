import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join, resolve } from "node:path"

/*
 * What a stranger does with the packages that are installed in a folder: imports every export, and writes the files with
 * which the compiler is asked to do the same. Prints how much each package installs, in MB, with all that it needs.
 * node consumer.js FOLDER
 */

const folder = resolve(process.argv[2] ?? ".")
const require = createRequire(join(folder, "package.json"))
const modules = join(folder, "node_modules")
const manifestOf = (home) => JSON.parse(readFileSync(join(home, "package.json"), "utf8"))
const homes = readdirSync(join(modules, "@nexhina")).map((name) => join(modules, "@nexhina", name))

/** Every entry of a package, as it is imported. */
function entriesOf(home) {
  const { name, exports = {} } = manifestOf(home)
  return Object.keys(exports).map((subpath) => `${name}${subpath.slice(1)}`)
}

/** The folder of a dependency as node finds it from a package; undefined when it is not installed. */
function homeOf(name, from) {
  for (let at = from; at.startsWith(folder); at = join(at, "..")) {
    const home = join(at, "node_modules", name)
    if (statSync(join(home, "package.json"), { throwIfNoEntry: false })) return home
  }
  return undefined
}

/** The folders of a package and of all that it needs: no optional peers. */
function closureOf(home, found = new Set()) {
  if (found.has(home)) return found
  found.add(home)
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifestOf(home)
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional)
  for (const name of [...Object.keys(dependencies), ...peers]) {
    const needed = homeOf(name, home)
    if (needed !== undefined) closureOf(needed, found)
  }
  return found
}

/** Bytes of the files of a package, without the packages inside it. */
function sizeOf(path) {
  return readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    if (entry.name === "node_modules") return sum
    const inner = join(path, entry.name)
    return sum + (entry.isDirectory() ? sizeOf(inner) : statSync(inner).size)
  }, 0)
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(1).padStart(5)
for (const home of homes) {
  const all = [...closureOf(home)].reduce((sum, each) => sum + sizeOf(each), 0)
  console.log(
    `${megabytes(sizeOf(home))} MB, ${megabytes(all)} MB with all that it needs: ${manifestOf(home).name}`,
  )
}

const entries = homes.flatMap(entriesOf)
const documents = entries.filter((entry) => entry.endsWith(".json"))
const code = entries.filter((entry) => !/\.(json|yaml)$/.test(entry))
const lines = [
  ...code.map((entry, place) => `import * as entry${place} from "${entry}"`),
  ...documents.map((entry, place) => `import document${place} from "${entry}" with { type: "json" }`),
  `export const all = [${[...code.map((_, place) => `entry${place}`), ...documents.map((_, place) => `document${place}`)].join(", ")}]`,
]
for (const name of ["imports.mts", "imports.mjs"]) writeFileSync(join(folder, name), `${lines.join("\n")}\n`)
writeFileSync(join(folder, "entries.txt"), code.join("\n"))
for (const [name, module, moduleResolution] of [
  ["nodenext", "nodenext", "nodenext"],
  ["bundler", "preserve", "bundler"],
]) {
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2023",
    module,
    moduleResolution,
    types: ["node"],
    resolveJsonModule: true,
  }
  writeFileSync(
    join(folder, `tsconfig.${name}.json`),
    JSON.stringify({ compilerOptions, files: ["imports.mts"] }),
  )
}

const { all } = await import(join(folder, "imports.mjs"))
if (all.length !== code.length + documents.length) throw new Error("Not everything was imported.")
for (const entry of entries) require.resolve(entry)
console.log(`imported ${entries.join(", ")}`)
