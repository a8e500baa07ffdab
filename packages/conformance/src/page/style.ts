/** Styles of the HTML report, in addition to those of the viewer. */
export const pageStyle: string = `
#app { max-width: 1180px; margin: 0 auto; padding: 0 20px 48px; }
.skip-link { position: absolute; left: -10000px; }
.skip-link:focus { left: 20px; top: 8px; background: var(--bg); padding: 6px 10px; z-index: 3; }
header, footer { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; color: var(--dim); font-size: 13px; }
header { justify-content: space-between; padding: 12px 0; }
footer { margin-top: 40px; border-top: 1px solid var(--line); padding-top: 12px; }
kbd { font: 12px var(--mono); border: 1px solid var(--line); border-radius: 4px; padding: 0 5px; color: var(--text); }
h1 { font-size: 28px; line-height: 1.25; margin: 2px 0 6px; }
h2 { font-size: 20px; margin: 32px 0 10px; }
h2.run { font-size: 15px; margin: 16px 0 2px; overflow-wrap: anywhere; }
.content h3 { font-size: 14px; margin: 20px 0 4px; }
.content h3.step { margin: 16px 0 -4px; font-size: 13px; color: var(--dim); }
p { margin: 4px 0; overflow-wrap: anywhere; }
.count { color: var(--dim); font-weight: 400; }
.fail { --kind: var(--fail); --kind-bg: var(--fail-bg); }
.warn { --kind: var(--warn); --kind-bg: var(--warn-bg); }
.info { --kind: var(--info); --kind-bg: var(--info-bg); }
.pass { --kind: var(--pass); --kind-bg: var(--pass-bg); }
.skip { --kind: var(--dim); --kind-bg: transparent; }
.result { border: 1px solid var(--line); border-left: 6px solid var(--kind); border-radius: 8px; padding: 16px 20px; background: var(--panel); }
.result h1 { color: var(--kind); }
.subject { color: var(--dim); }
.subject b { color: var(--text); overflow-wrap: anywhere; }
.counts { display: flex; flex-wrap: wrap; gap: 4px 24px; margin: 10px 0; padding: 0; list-style: none; font-weight: 600; }
.about > summary { color: var(--dim); font-size: 13px; cursor: pointer; width: fit-content; }
dl { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: 3px 12px; margin: 8px 0; font-size: 14px; }
dt { color: var(--dim); }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.actual { color: var(--fail); font-weight: 600; }
.badge { display: inline-block; white-space: nowrap; color: var(--kind); background: var(--kind-bg); border-radius: 5px; padding: 1px 8px; font-size: 13px; font-weight: 600; }
.filters { display: flex; flex-wrap: wrap; gap: 8px; margin: 20px 0 0; position: sticky; top: 0; background: var(--bg); padding: 8px 0; z-index: 2; }
.filters input { flex: 1 1 14rem; min-width: 0; }
.filters select { max-width: 100%; min-width: 0; }
.cause { border: 1px solid var(--line); border-radius: 8px; margin: 8px 0; scroll-margin-top: 60px; }
.cause > summary { display: grid; grid-template-columns: 5.6rem minmax(0, 1fr) 1rem; gap: 12px; padding: 10px 14px; cursor: pointer; list-style: none; align-items: start; border-radius: 8px; }
.cause > summary::-webkit-details-marker { display: none; }
.cause > summary::after { content: "\\25b8"; color: var(--dim); }
.cause[open] > summary::after { content: "\\25be"; }
.cause > summary:hover { background: var(--panel); }
.cause > summary .badge { justify-self: start; }
.says { overflow-wrap: anywhere; }
.cause .says { display: block; font-weight: 600; }
.means { display: block; overflow-wrap: anywhere; }
.gist { margin-left: 10px; color: var(--dim); font: 13px var(--mono); }
.means b { color: var(--kind); font-weight: 600; }
.place { display: block; color: var(--dim); font-size: 13px; overflow-wrap: anywhere; }
.place code { color: var(--text); margin-right: 8px; }
.content { padding: 4px 14px 16px; border-top: 1px solid var(--line); }
.sentence { margin: 10px 0; }
.occurrence, .other { border-top: 1px solid var(--line); padding: 6px 0; }
.occurrence > summary { font-weight: 600; cursor: pointer; overflow-wrap: anywhere; }
.other > summary { cursor: pointer; overflow-wrap: anywhere; }
.content ul { margin: 4px 0; padding-left: 20px; overflow-wrap: anywhere; font-size: 14px; }
.reproduction { margin: 10px 0; }
.reproduction .label { display: flex; align-items: center; gap: 10px; font-size: 13px; color: var(--dim); margin-bottom: 3px; }
.reproduction button { padding: 0 8px; font-size: 12.5px; }
.command { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 8px 10px; margin: 0; max-height: 14rem; overflow: auto; }
.empty { color: var(--dim); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; color: var(--dim); margin: 6px 0; }
.legend b { color: var(--kind); }
.toggle { font-size: 14px; display: inline-block; }
.toggle input { accent-color: var(--link); }
.scroll { position: relative; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-weight: 600; }
th, td { padding: 6px 10px; vertical-align: top; }
tbody tr + tr > *, tbody + tbody > tr:first-child > *, thead + tbody > tr:first-child > * { border-top: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.targets { margin: 12px 0; }
.targets th { overflow-wrap: anywhere; }
.targets small { color: var(--dim); font-weight: 400; }
.matrix tbody th { font-weight: 400; position: sticky; left: 0; background: var(--bg); max-width: 34rem; }
.matrix .says { display: block; color: var(--dim); font-size: 13px; }
.matrix .surface > * { background: var(--panel); }
.matrix .surface th { font-weight: 600; background: var(--panel); }
.matrix .target { vertical-align: bottom; overflow-wrap: anywhere; max-width: 9rem; }
.matrix .target .wide { display: block; }
.matrix .cell { color: var(--kind); white-space: nowrap; }
.matrix .cell a { color: inherit; }
.matrix .tally { margin-right: 12px; font-variant-numeric: tabular-nums; color: var(--kind); }
.matrix:not(.single) .tally { margin: 0; }
.matrix:not(.single) .cell { text-align: center; }
.matrix:not(.single) .target { text-align: center; }
.matrix .target .wide { font-weight: 400; font-size: 12px; color: var(--dim); }
.matrix .reason { display: block; color: var(--dim); font-size: 13px; white-space: normal; overflow-wrap: anywhere; }
.matrix.single .cell { min-width: 9rem; max-width: 24rem; }
.hidden { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
@media (max-width: 760px) {
  #app { padding: 0 12px 32px; }
  .wide, .matrix .target .wide { display: none; }
  .matrix.single .tally .wide { display: inline; }
  .filters { position: static; }
  h1 { font-size: 24px; }
  .result { padding: 12px 14px; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dd { margin-bottom: 6px; }
  .cause > summary { grid-template-columns: minmax(0, 1fr) 1rem; gap: 4px 8px; padding: 10px; }
  .cause > summary .naming { grid-row: 2; grid-column: 1; }
  .place code { display: block; }
  .content { padding: 4px 10px 12px; }
  th, td { padding: 6px; }
  .matrix tbody th { max-width: 12rem; min-width: 8.5rem; overflow-wrap: anywhere; }
  .matrix:not(.single) td { padding: 6px 2px; }
  .matrix.single tbody th { max-width: none; }
  .matrix.single .cell { min-width: 6rem; max-width: 9rem; }
  .matrix .says { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
}
`
