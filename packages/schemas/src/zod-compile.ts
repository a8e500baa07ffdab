// A module of its own, loaded when it is needed: the compiler is large, and most programs read few values.
export { compile } from "zod"
