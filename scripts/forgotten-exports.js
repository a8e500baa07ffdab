import { createRequire } from "node:module"
import { join, resolve } from "node:path"

/*
 * Names every type that a public declaration of an installed package mentions and that the package does not export.
 * It needs the compiler as a library (TypeScript 5 or 6) in the folder where the packages are installed:
 * node forgotten-exports.js FOLDER PACKAGE[/SUBPATH]...
 */

const [folder = ".", ...entries] = process.argv.slice(2)
const ts = createRequire(join(resolve(folder), "package.json"))("typescript")

const options = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  strict: true,
  types: [],
}
const host = ts.createCompilerHost(options)
const optionsOfFile = { languageVersion: options.target, impliedNodeFormat: ts.ModuleKind.ESNext }
const main = join(resolve(folder), "entries.mts")
const text = entries.map((entry) => `export * from ${JSON.stringify(entry)}`).join("\n")
const program = ts.createProgram([main], options, {
  ...host,
  getSourceFile: (file, ...rest) =>
    file === main ? ts.createSourceFile(file, text, optionsOfFile, true) : host.getSourceFile(file, ...rest),
})
const checker = program.getTypeChecker()

const original = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol)
const packageOf = (path) => /@nexhina\/[\w-]+/.exec(path)?.[0]
const homeOf = (declaration) => packageOf(declaration.getSourceFile().fileName)

/** What each package exports, over all of its entries. */
const exported = new Map(entries.map((entry) => [packageOf(entry), new Set()]))
for (const { moduleSpecifier } of program.getSourceFile(main).statements) {
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(moduleSpecifier))
  for (const symbol of symbols) exported.get(packageOf(moduleSpecifier.text)).add(original(symbol))
}

/** The names of types that a declaration mentions. */
function* mentions(node) {
  if (ts.isTypeReferenceNode(node)) yield node.typeName
  if (ts.isExpressionWithTypeArguments(node)) yield node.expression
  if (ts.isImportTypeNode(node) && node.qualifier) yield node.qualifier
  const children = []
  node.forEachChild((child) => void children.push(child))
  for (const child of children) yield* mentions(child)
}

/** The types of this kit that the package's own declarations mention, with the declaration that does. */
function* mentioned(name, symbols) {
  for (const symbol of symbols) {
    const own = (symbol.declarations ?? []).filter((declaration) => homeOf(declaration) === name)
    for (const mention of own.flatMap((declaration) => [...mentions(declaration)])) {
      const found = checker.getSymbolAtLocation(mention)
      if (found === undefined) continue
      const type = original(found)
      const isParameter = (type.flags & ts.SymbolFlags.TypeParameter) !== 0
      if (!isParameter && type.declarations?.some(homeOf)) yield { type, by: symbol }
    }
  }
}

const forgotten = [...exported].flatMap(([name, symbols]) =>
  [...mentioned(name, symbols)]
    .filter(({ type }) => !symbols.has(type))
    .map(({ type, by }) => `${name} does not export '${type.name}', which '${by.name}' mentions`),
)
for (const line of new Set(forgotten)) console.error(line)
process.exitCode = forgotten.length === 0 ? 0 : 1
