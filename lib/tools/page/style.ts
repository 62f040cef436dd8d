import type { LevelId } from './data.ts';

/** The page's style sheet: light and dark, narrow and wide, screen and paper. All colours are named once at the top. */
export const STYLE = `
:root {
  --ground: #ffffff; --raised: #f5f7fa; --ink: #1b2430; --quiet: #525d6b; --line: #d5dbe3; --strong: #7b8794; --link: #0b57a4;
  --busy: #0b63a8; --idle: #f2b134; --idle-ink: #8a5a00; --starting: #8fd0f5; --starting-ink: #0b5c8a;
  --gone: #d9dde3; --gone-ink: #6a7480; --draining: #efc3dd; --draining-ink: #9b2f6e; --dead: #f6c9b4; --dead-ink: #a33b0a;
  --wait: #b3261e; --wait-most: #f3c7c3; --up: #0a6b4b; --down: #6b3fa0;
  --ink-0: #0b63a8; --ink-1: #b8500a; --ink-2: #0a7a57; --ink-3: #a8327a; --ink-4: #7a6200; --ink-5: #4a5563; --ink-6: #c0262d; --ink-7: #3f3fa8;
  color-scheme: light dark;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #12171e; --raised: #1b222c; --ink: #e6ebf1; --quiet: #a5b0bd; --line: #303a46; --strong: #75818f; --link: #86bdf5;
    --busy: #3d95e0; --idle: #8a6414; --idle-ink: #f5c055; --starting: #164a68; --starting-ink: #7fcbf5;
    --gone: #2d3641; --gone-ink: #96a2af; --draining: #5a2747; --draining-ink: #f0a3d0; --dead: #5f2c17; --dead-ink: #ff9f73;
    --wait: #ff8f85; --wait-most: #84352f; --up: #4fd3a5; --down: #c3a2f2;
    --ink-0: #5fb0f5; --ink-1: #ff9d57; --ink-2: #45d0a0; --ink-3: #f08fca; --ink-4: #e3c544; --ink-5: #c2cad4; --ink-6: #ff8a80; --ink-7: #a9a9ff;
  }
}
* { box-sizing: border-box; }
html { font-size: clamp(16px, 0.4vw + 9px, 24px); scroll-behavior: smooth; }
body {
  margin: 0 auto; padding: 1.5rem clamp(0.75rem, 3vw, 2.5rem) 4rem; max-width: 84rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.25rem; margin: 0 0 0.75rem; }
h3 { font-size: 1rem; margin: 0 0 0.25rem; }
p { margin: 0 0 0.75rem; max-width: 75ch; }
a { color: var(--link); }
section { margin-top: 2.75rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
.kind { margin: 0 0 0.25rem; color: var(--quiet); font-size: 0.875rem; letter-spacing: 0.02em; }
.quiet { color: var(--quiet); font-size: 0.875rem; }
.facts { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; margin: 0; }
.facts dt { color: var(--quiet); font-size: 0.8125rem; }
.facts dd { margin: 0; }
.headlines { list-style: none; margin: 0 0 1rem; padding: 0; display: grid; gap: 0.75rem; max-width: 80ch; }
p.lead { font-size: 1.125rem; }
.headlines li { display: flex; gap: 0.75rem; align-items: baseline; }
.headlines .swatch { flex: none; }
.note { background: var(--raised); border-left: 4px solid var(--strong); padding: 0.75rem 1rem; font-size: 0.875rem; }
.note p:last-child { margin-bottom: 0; }
.number {
  display: inline-block; min-width: 1.4em; padding: 0 0.3em; border: 1px solid var(--strong); border-radius: 0.7em; text-align: center;
  font-size: 0.8em; font-weight: 600; line-height: 1.4;
}
.legend { list-style: none; margin: 0 0 1rem; padding: 0; display: flex; flex-wrap: wrap; gap: 0.375rem 1.25rem; font-size: 0.875rem; }
.legend li { display: flex; align-items: center; gap: 0.5rem; }
.key { width: 1.75rem; height: 0.875rem; flex: none; }
.swatch { width: 2.5rem; height: 1rem; vertical-align: middle; }
figure { margin: 0; min-width: 0; }
.panels { display: grid; gap: 2rem; }
.pair { display: grid; gap: 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.drawing svg { display: block; width: 100%; height: auto; }
.plot { position: relative; touch-action: pan-y; }
.plot[tabindex] { cursor: crosshair; }
.cursor { position: absolute; top: 0; bottom: 1.5rem; width: 0; border-left: 1px solid var(--ink); pointer-events: none; }
.selection { position: absolute; top: 0; bottom: 1.5rem; background: var(--link); opacity: 0.2; pointer-events: none; }
.tooltip {
  position: absolute; top: 1.5rem; z-index: 1; width: max-content; max-width: min(22rem, 80%); padding: 0.5rem 0.75rem; pointer-events: none;
  background: var(--ground); color: var(--ink); border: 1px solid var(--strong); border-radius: 0.375rem; font-size: 0.8125rem; line-height: 1.4;
  box-shadow: 0 2px 8px rgb(0 0 0 / 0.2);
}
.tooltip div:first-child { font-weight: 600; }
.tools { margin-bottom: 1rem; }
.tracks { border: 0; margin: 0 0 0.75rem; padding: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; max-height: 16rem; overflow-y: auto; }
.tracks legend { padding: 0 1rem 0 0; color: var(--quiet); font-size: 0.875rem; }
.tracks label { display: flex; gap: 0.375rem; align-items: baseline; padding: 0.25rem 0; }
.zoom { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; margin-bottom: 0.5rem; }
.range { color: var(--quiet); font-size: 0.875rem; font-variant-numeric: tabular-nums; }
button {
  font: inherit; font-size: 0.875rem; padding: 0.375rem 0.75rem; color: var(--ink); background: var(--raised);
  border: 1px solid var(--strong); border-radius: 0.375rem; cursor: pointer;
}
button:hover { border-color: var(--ink); }
button:disabled { opacity: 0.5; cursor: default; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
details { margin-top: 0.5rem; }
summary { cursor: pointer; padding: 0.25rem 0; }
figure summary { font-size: 0.875rem; color: var(--quiet); }
#worst summary { font-weight: 600; }
#worst li { max-width: 85ch; }
.scroll { overflow: auto; max-height: 32rem; border: 1px solid var(--line); border-radius: 0.375rem; }
#figures .scroll { max-height: none; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { text-align: left; padding: 0.5rem 0.75rem; color: var(--quiet); }
th, td { padding: 0.3125rem 0.75rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { vertical-align: bottom; border-top: 0; }
tbody th { font-weight: 400; white-space: nowrap; background: var(--ground); }
.figures td, .figures thead th, [data-part="levels"] td, #waits td, #budgets td { text-align: right; white-space: nowrap; }
#notices td:not(:last-child) { white-space: nowrap; }
.figures thead th { white-space: normal; min-width: 7rem; }
.figures thead th:first-child { text-align: left; }
.figures tbody th { position: sticky; left: 0; }
th.section { font-weight: 600; background: var(--raised); }
.figures small { display: block; color: var(--quiet); font-size: 0.75rem; }
.before { display: block; color: var(--quiet); font-weight: 400; font-size: 0.75rem; }
.definitions { columns: 26rem; column-gap: 2.5rem; margin: 0; }
.definitions div { break-inside: avoid; padding-bottom: 0.75rem; }
.definitions div:target { background: var(--raised); outline: 4px solid var(--raised); }
dt { font-weight: 600; }
.facts dt { font-weight: 400; }
.definitions dd { margin: 0; }
.patterns { position: absolute; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; fill: var(--ink); }
svg .tick { fill: var(--quiet); font-size: 11.5px; font-variant-numeric: tabular-nums; }
svg .lane { fill: var(--ink); font-weight: 600; font-size: 12px; }
svg .name { paint-order: stroke; stroke: var(--ground); stroke-width: 4px; stroke-linejoin: round; }
.grid { stroke: var(--line); stroke-width: 1; }
.grid.day { stroke: var(--strong); stroke-dasharray: 1 3; }
.axis { stroke: var(--strong); }
.lead { stroke: var(--strong); stroke-width: 1; }
.frontier { fill: none; stroke: var(--strong); stroke-width: 1.5; stroke-dasharray: 5 4; }
.bound { fill: none; stroke: var(--quiet); stroke-width: 1.5; stroke-dasharray: 1 3; }
.bound[transform] { stroke-dasharray: none; }
.outage { fill: var(--down); opacity: 0.25; }
.level { stroke: var(--ground); stroke-width: 0.6; }
.level.busy { fill: var(--busy); }
.level.idle { fill: url(#fill-idle); }
.level.starting { fill: url(#fill-starting); }
.level.unavailable { fill: url(#fill-unavailable); }
.level.draining { fill: url(#fill-draining); }
.level.dead { fill: url(#fill-dead); }
.ground.idle { fill: var(--idle); } .stroke.idle { stroke: var(--idle-ink); }
.ground.starting { fill: var(--starting); } .stroke.starting { stroke: var(--starting-ink); }
.ground.unavailable { fill: var(--gone); } .stroke.unavailable { stroke: var(--gone-ink); }
.ground.draining { fill: var(--draining); } .stroke.draining { stroke: var(--draining-ink); }
.ground.dead { fill: var(--dead); } .stroke.dead { stroke: var(--dead-ink); }
.stroke { fill: none; stroke-width: 1; }
.average { fill: none; stroke: var(--wait); stroke-width: 1.75; stroke-linejoin: round; }
.most { fill: var(--wait-most); }
.mark.up { fill: var(--up); }
.mark.down { fill: var(--down); }
.curve { fill: none; stroke-width: 2.25; }
.point { stroke: var(--ground); stroke-width: 1.5; }
.curve.ink-0 { stroke: var(--ink-0); } .point.ink-0 { fill: var(--ink-0); }
.curve.ink-1 { stroke: var(--ink-1); } .point.ink-1 { fill: var(--ink-1); }
.curve.ink-2 { stroke: var(--ink-2); } .point.ink-2 { fill: var(--ink-2); }
.curve.ink-3 { stroke: var(--ink-3); } .point.ink-3 { fill: var(--ink-3); }
.curve.ink-4 { stroke: var(--ink-4); } .point.ink-4 { fill: var(--ink-4); }
.curve.ink-5 { stroke: var(--ink-5); } .point.ink-5 { fill: var(--ink-5); }
.curve.ink-6 { stroke: var(--ink-6); } .point.ink-6 { fill: var(--ink-6); }
.curve.ink-7 { stroke: var(--ink-7); } .point.ink-7 { fill: var(--ink-7); }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print {
  html { font-size: 10pt; }
  body { padding: 0; max-width: none; }
  .tools, .cursor, .tooltip, .selection, details:not([open]) { display: none !important; }
  section { margin-top: 1.5rem; padding-top: 0.75rem; }
  .scroll { overflow: visible; max-height: none; border: 0; }
  h2, h3, summary, caption { break-after: avoid; }
  figure, .headlines li, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  .figures tbody th { position: static; white-space: normal; }
  .figures thead th { min-width: 0; }
  th, td { padding: 0.15rem 0.35rem; }
  table { font-size: 8.5pt; }
  a { color: inherit; text-decoration: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;

/** What is drawn on the ground of each class, in a square of 8; a busy runner is all ground. */
const STROKES: Readonly<Record<Exclude<LevelId, 'busy'>, string>> = {
  idle: 'M-2 2L2-2M0 8L8 0M6 10L10 6',
  starting: 'M2 2h2v2h-2zM6 6h2v2h-2z',
  unavailable: 'M0 0L8 8M0 8L8 0',
  draining: 'M2 0V8M6 0V8',
  dead: 'M0 2H8M0 6H8',
};

/** Definitions for the whole page; not displayed themselves. */
export const PATTERNS = `<svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false"><defs>${Object.entries(
  STROKES,
)
  .map(
    ([id, d]) =>
      `<pattern id="fill-${id}" width="8" height="8" patternUnits="userSpaceOnUse"><rect class="ground ${id}" width="8" height="8"/><path class="stroke ${id}" d="${d}"/></pattern>`,
  )
  .join('')}</defs></svg>`;
