declare module "*?bundled" {
  const script: string
  export default script
}
