/** Styles of pages: colors of both themes, controls and exchanges. `data-theme` of the root overrides the system. */
export const viewerStyle: string = `
:root {
  color-scheme: light dark;
  --bg: light-dark(#ffffff, #14171c);
  --panel: light-dark(#f5f6f8, #1d2129);
  --line: light-dark(#d5dae1, #373e4a);
  --text: light-dark(#1b1f24, #e6e9ee);
  --dim: light-dark(#57606a, #a6b0bd);
  --link: light-dark(#0550ae, #7fbcff);
  --fail: light-dark(#b3141e, #ff8d86);
  --fail-bg: light-dark(#ffe7e5, #451c1f);
  --warn: light-dark(#7a4a00, #f2b84b);
  --warn-bg: light-dark(#fff1cf, #3b2d12);
  --info: light-dark(#0b5c8a, #74c5f0);
  --info-bg: light-dark(#e0f1fb, #15313f);
  --pass: light-dark(#146c2e, #72d08f);
  --pass-bg: light-dark(#e0f5e6, #16331f);
  --mark: light-dark(#ffc4bd, #8b2026);
  --mark-text: light-dark(#4d0006, #ffffff);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
[hidden] { display: none !important; }
button, select, input {
  font: inherit; color: inherit; background: var(--bg); border: 1px solid var(--line); border-radius: 6px; padding: 4px 10px;
}
button { cursor: pointer; }
button:hover { border-color: var(--dim); }
code, .wire, .escape { font-family: var(--mono); }
code { font-size: 0.9em; overflow-wrap: anywhere; }
mark { background: var(--mark); color: var(--mark-text); border-radius: 2px; padding: 1px 0; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
mark .name, mark .escape, mark .lf::before { color: inherit; }
.exchange { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 12px; margin: 12px 0; }
.exchange > .timeline { grid-column: 1 / -1; }
.message { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 10px 12px; min-width: 0; align-self: start; }
.message .heading { margin: 0 0 6px; font-size: 12px; font-weight: 600; color: var(--dim); }
.wire { font-size: 12.5px; line-height: 1.55; white-space: pre-wrap; overflow-wrap: anywhere; }
.wire .name { color: var(--dim); }
.wire.body { margin-top: 8px; max-height: 32rem; overflow: auto; }
.headers > summary { color: var(--dim); font-size: 12.5px; cursor: pointer; width: fit-content; }
.headers > .wire { padding: 2px 0 4px 14px; }
.chunk { display: grid; grid-template-columns: 4.6rem minmax(0, 1fr); gap: 8px; border-top: 1px solid var(--line); padding: 4px 0; margin-top: 4px; }
.chunk .time { color: var(--dim); font-size: 12px; line-height: 1.6; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.chunk.marked .time { color: var(--fail); font-weight: 600; }
.chunk .wire { max-height: 32rem; overflow: auto; }
.end, .note { font-size: 13px; color: var(--dim); }
.note { margin: 4px 0; }
.lf::before { content: "\\21b5"; color: var(--dim); opacity: 0.75; }
.escape { color: var(--fail); }
.gap { color: var(--dim); font-style: italic; }
.hex { display: block; white-space: pre; overflow-x: auto; }
.more { margin: 6px 0 2px; font-size: 13px; }
.timeline { margin: 0; min-width: 0; }
.timeline svg { display: block; width: 100%; height: 44px; }
.timeline path { fill: none; stroke: var(--link); stroke-width: 2; vector-effect: non-scaling-stroke; }
.timeline .axis { stroke: var(--line); stroke-width: 1; }
.timeline .fault { stroke: var(--fail); stroke-width: 4; }
.timeline .scale { display: flex; justify-content: space-between; color: var(--dim); font-size: 12px; }
.timeline figcaption { color: var(--dim); font-size: 13px; }
@media (max-width: 760px) {
  .exchange { grid-template-columns: minmax(0, 1fr); }
  .chunk { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .chunk .time { text-align: left; }
}
`
