/** Light, dark and forced colours, from 320 pixels up. */
export const STYLESHEET = `
:root { color-scheme: light dark;
  --paper: light-dark(#f7f5f2, #14110f); --card: light-dark(#fff, #1e1916); --ink: light-dark(#221b16, #efe8e2); --soft: light-dark(#645a52, #b6aaa0);
  --line: light-dark(#e4ddd5, #3a322c); --edge: light-dark(#8e8278, #786c62);
  --accent: light-dark(#9a3d12, #ffb48a); --on-accent: light-dark(#fff, #20120a); --wash: light-dark(#fbeae1, #3a2115); --good: light-dark(#0a6640, #74dda6); }
* { box-sizing: border-box }
body { margin: 0; font: 1rem/1.55 system-ui, -apple-system, 'Segoe UI', sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: anywhere }
a { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .3rem }
.skip { position: absolute; left: -99rem } .skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem }
.bar { background: var(--card); border-bottom: 1px solid var(--line) }
.bar > div { max-width: 64rem; margin: 0 auto; padding: .75rem 1.25rem; display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center }
.brand { display: flex; gap: .5rem; align-items: center; font-weight: 700; color: var(--ink); text-decoration: none; margin-right: auto }
.brand svg { width: 1.75rem; height: 1.75rem } .logo { fill: #9a3d12 }
main, footer { max-width: 64rem; margin: 0 auto; padding: 1.5rem 1.25rem } footer { color: var(--soft); font-size: .85rem }
h1 { font-size: clamp(1.5rem, 5vw, 1.9rem); line-height: 1.2; letter-spacing: -.015em; margin: 0 0 .5rem; text-wrap: balance }
h2 { font-size: 1.1rem; margin: 0 0 .75rem } p { margin: 0 0 .75rem }
.hero { display: grid; gap: 2rem; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); align-items: start; padding: 1.5rem 0 2.5rem }
.hero h1 { font-size: clamp(2rem, 7vw, 3rem) } .lead { font-size: 1.1rem; color: var(--soft) } .soft { color: var(--soft) }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center }
.grid { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); margin-bottom: 1.25rem; padding: 0; list-style: none }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .9rem; padding: 1.25rem; margin-bottom: 1.25rem; min-width: 0; position: relative }
.grid > .card { margin: 0 } .card > :last-child { margin-bottom: 0 }
.big { font-size: 1.9rem; font-weight: 700; line-height: 1.2; font-variant-numeric: tabular-nums; margin: 0 }
table { border-collapse: collapse; width: 100%; margin: 0 } th, td { text-align: left; vertical-align: middle; padding: .55rem .75rem .55rem 0; border-bottom: 1px solid var(--line) }
th { color: var(--soft); font-size: .85rem; font-weight: 600 } tr:last-child > td { border-bottom: 0 } .num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.act { text-align: right; padding-right: 0 } .paid { color: var(--good) }
.button, button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .4rem 1rem; border-radius: .5rem; border: 1px solid var(--edge); background: var(--card); color: var(--ink); cursor: pointer; text-decoration: none; display: inline-flex; align-items: center }
.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent) }
.notice { background: var(--wash); border-radius: .6rem; padding: .7rem 1rem; margin-bottom: 1.25rem }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
@media (max-width: 40rem) { .invoices thead { position: absolute; clip-path: inset(50%) } .invoices tr { display: grid; grid-template-columns: 1fr auto; padding: .6rem 0; border-bottom: 1px solid var(--line) } .invoices td { border: 0; padding: .15rem 0 } .invoices .act { grid-column: 1 / -1; text-align: left } }
@media (forced-colors: active) { .notice { border: 1px solid } }
`;
