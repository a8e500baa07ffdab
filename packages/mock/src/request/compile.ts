// A module of its own, loaded when it is needed: the compiler is large, and most mocks serve few requests.
export { compile } from "zod"
