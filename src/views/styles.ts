/** The pages' one style sheet: light and dark, from a phone's width up, no build step. */
export const STYLES = `
:root { color-scheme: light dark;
  --ink: light-dark(#1b1f2a, #e8eaf0); --soft: light-dark(#565e70, #a3acbf); --paper: light-dark(#f6f7fa, #14171e);
  --card: light-dark(#ffffff, #1d212b); --line: light-dark(#d9dde6, #343b4a); --accent: light-dark(#4338ca, #a5b4fc);
  --on-accent: light-dark(#ffffff, #14171e); --good: light-dark(#0b6b45, #6ee7b7); --bad: light-dark(#b42318, #fca5a5);
  --wash: light-dark(#eef0fb, #262b3d); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 2; }
header.top { background: var(--card); border-bottom: 1px solid var(--line); }
.bar { max-width: 68rem; margin: 0 auto; padding: .7rem 1.2rem; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; align-items: center; }
.brand { font-weight: 700; margin-right: auto; color: var(--ink); text-decoration: none; }
.brand small { font-weight: 500; color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: .15rem; list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: .35rem .7rem; border-radius: .5rem; color: var(--soft); text-decoration: none; }
nav a:hover { background: var(--wash); } nav a[aria-current] { background: var(--wash); color: var(--accent); font-weight: 600; }
main { max-width: 68rem; margin: 0 auto; padding: 1.2rem 1.2rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: .6rem 0 .3rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 0 0 .3rem; }
p.lead { color: var(--soft); margin-top: 0; max-width: 46rem; }
.muted { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15.5rem, 100%), 1fr)); gap: .9rem; list-style: none; padding: 0; margin: 1rem 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: 1rem 1.1rem; overflow-wrap: anywhere; }
section.card { margin-bottom: .9rem; }
a.card { display: block; color: inherit; text-decoration: none; height: 100%; } a.card:hover { border-color: var(--accent); }
ol.steps { counter-reset: step; list-style: none; padding: 0; display: grid; gap: .9rem; }
ol.steps > li { counter-increment: step; background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: 1rem 1.1rem 1rem 3.6rem; position: relative; }
ol.steps > li::before { content: counter(step); position: absolute; left: 1.1rem; top: 1rem; width: 1.7rem; height: 1.7rem; border-radius: 50%; background: var(--accent); color: var(--on-accent); display: grid; place-items: center; font-weight: 700; font-size: .9rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .8rem; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th, td { text-align: left; padding: .55rem .8rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--soft); white-space: nowrap; } tr:last-child td { border-bottom: 0; }
td:first-child code { white-space: nowrap; } td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
code, pre { font: .88rem/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; }
pre { background: var(--wash); border-radius: .6rem; padding: .8rem 1rem; overflow-x: auto; margin: .6rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.row { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; }
label { display: grid; gap: .2rem; min-width: 0; max-width: 100%; font-size: .88rem; color: var(--soft); }
input, select, textarea, button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .45rem .7rem; max-width: 100%; }
textarea { width: 100%; min-height: 7rem; font-family: ui-monospace, monospace; font-size: .88rem; }
button, .button { cursor: pointer; font-weight: 600; background: var(--accent); color: var(--on-accent); border-color: var(--accent); border-radius: .5rem; padding: .45rem .9rem; text-decoration: none; display: inline-block; }
button.plain { background: transparent; color: var(--accent); border-color: var(--line); } button.danger { background: transparent; color: var(--bad); border-color: var(--bad); }
form.inline { display: inline-block; margin: .15rem .2rem .15rem 0; } .button { margin: .15rem .2rem .15rem 0; }
.tag { display: inline-block; padding: .05rem .5rem; border-radius: 1rem; background: var(--wash); font-size: .82rem; white-space: nowrap; }
.notice { background: var(--wash); border-left: .3rem solid var(--accent); padding: .6rem 1rem; border-radius: .3rem; margin: 1rem 0; }
details summary { cursor: pointer; }
@media (max-width: 40rem) { ol.steps > li { padding-left: 1.1rem; padding-top: 3.2rem; } main { padding: .8rem .9rem 3rem; } }
`;
