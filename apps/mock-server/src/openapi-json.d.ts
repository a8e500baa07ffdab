// Declared here, because the compiler would infer the type of the whole document.
declare module "@nexhina/schemas/openapi.json" {
  const document: object
  export default document
}
