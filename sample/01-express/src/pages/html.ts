/** Text that is safe inside an element or a quoted attribute. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} · Timesheets</title>
<style>
  :root { color-scheme: light dark; --accent: #0b6e4f; --line: color-mix(in srgb, currentColor 18%, transparent); }
  * { box-sizing: border-box }
  body { font: 16px/1.55 system-ui, sans-serif; margin: 0; }
  header, main { max-width: 44rem; margin: 0 auto; padding: 1rem 1.25rem; }
  header { border-bottom: 1px solid var(--line); font-weight: 600; }
  h1 { font-size: 1.6rem; margin: 1.2rem 0 .4rem; }
  h2 { font-size: 1.1rem; margin: 1.8rem 0 .4rem; }
  .muted { opacity: .75 }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .5rem .6rem .5rem 0; border-bottom: 1px solid var(--line); }
  .button { display: inline-block; font: inherit; font-weight: 600; border: 0; border-radius: .5rem;
    padding: .6rem 1.1rem; margin: .3rem .6rem .3rem 0; background: var(--accent); color: #fff; cursor: pointer; text-decoration: none; }
  .button.plain { background: none; color: inherit; border: 1px solid var(--line); }
  .notice { border-left: .25rem solid var(--accent); padding: .5rem .9rem; margin: 1rem 0; background: color-mix(in srgb, var(--accent) 12%, transparent); }
  form { display: inline }
</style>
</head>
<body><header>Timesheets</header><main>${body}</main></body>
</html>`;
}
