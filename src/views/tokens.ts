/** Colours, lengths and types of every page, light and dark: all rules of the stylesheets draw on these. */
export const TOKENS = `:root { color-scheme: light dark;
  --paper: light-dark(#f5f6f9, #0f1218); --card: light-dark(#ffffff, #171b23); --sunk: light-dark(#eef0f5, #1f2530);
  --ink: light-dark(#171b26, #e7eaf1); --soft: light-dark(#535c6e, #a5aebf); --line: light-dark(#dce0e8, #2d3442); --edge: light-dark(#868fa1, #6a7488);
  --accent: light-dark(#3f3ac9, #aab2ff); --on-accent: light-dark(#ffffff, #12141c); --accent-wash: light-dark(#ecebfc, #24264a);
  --good: light-dark(#0a6640, #74dda6); --good-wash: light-dark(#e3f4ea, #10291d);
  --warn: light-dark(#7a4a00, #f3c569); --warn-wash: light-dark(#fcf0d6, #2f240d);
  --bad: light-dark(#ab1f16, #ff9f96); --bad-wash: light-dark(#fdebe9, #371816);
  --info: light-dark(#1d4f9e, #9cc4ff); --info-wash: light-dark(#e6eefb, #14243d);
  --c1: light-dark(#4a45d9, #8d93ff); --c2: light-dark(#0c7a82, #4cc3c7); --c3: light-dark(#b25a00, #f0a94b); --c4: light-dark(#747e90, #8b95a8);
  --h1: light-dark(#d9d8fa, #2b2d5c); --h2: light-dark(#a9a6f2, #4d50a8); --h3: light-dark(#7370e6, #7479dd); --h4: light-dark(#3f3ac9, #aab2ff);
  --s1: .25rem; --s2: .5rem; --s3: .75rem; --s4: 1rem; --s5: 1.5rem; --s6: 2rem; --s7: 3rem;
  --t0: .8125rem; --t1: .9rem; --t2: 1rem; --t3: 1.125rem; --t4: 1.375rem; --t5: 1.75rem;
  --r1: .375rem; --r2: .625rem; --r3: .9rem; --mono: ui-monospace, SFMono-Regular, 'Cascadia Mono', Menlo, Consolas, monospace; }`;
