// Writes llms.txt (https://llmstxt.org): what the package is, and a list of its documents with what each is about, for
// programs that read documents. `node tools/llms.mjs dist` is part of the build, and links to the documents in the package;
// with `--copy`, as for the site, they are copied beside it and written out whole in llms-full.txt as well.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const { positionals, values } = parseArgs({ allowPositionals: true, options: { copy: { type: 'boolean' } } });
const folder = resolve(positionals[0] ?? 'dist');

/** The documents in the order in which a newcomer needs them; what is not named follows by the alphabet. */
const SECTIONS = [
  ['Begin', ['README.md', 'docs/sandbox.md', 'docs/marketplaces.md', 'docs/recipes.md']],
  [
    'People',
    [
      'docs/sso.md',
      'docs/sessions.md',
      'docs/beside-your-own-login.md',
      'docs/openid.md',
      'docs/webhooks.md',
    ],
  ],
  ['Money', ['docs/billing.md', 'docs/membership.md']],
  ['Data', ['docs/connec.md', 'docs/notifications.md', 'docs/synchronization.md']],
  [
    'Running',
    [
      'docs/operations.md',
      'docs/your-database.md',
      'docs/sql.md',
      'docs/cli.md',
      'docs/troubleshooting.md',
      'docs/sso-troubleshooting.md',
    ],
  ],
];
const named = new Set(SECTIONS.flatMap(([, pages]) => pages));
const others = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .map((name) => `docs/${name.replaceAll('\\', '/')}`)
  .filter((page) => page.endsWith('.md') && !named.has(page))
  .sort();
const sections = [...SECTIONS, ['Optional', others]];

/** A page's text without its blocks of code: lines that look like headings stand in there too. */
const prose = (page) => readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '');

function titleOf(page) {
  return /^# (.+)$/m.exec(prose(page))?.[1] ?? page;
}

/** The first sentence below the title. */
function summaryOf(page) {
  const paragraph =
    prose(page)
      .split(/\n{2,}/)
      .map((part) => part.trim())
      .find((part) => part !== '' && !/^[#|!>-]/.test(part)) ?? '';
  const text = paragraph.replaceAll(/\s+/g, ' ').replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1');
  return /^.+?[.:](?= |$)/.exec(text)?.[0].replace(/:$/, '.') ?? text;
}

// In the package, dist stands beside the documents.
const linkTo = (page) => (values.copy ? `guides/${page}` : `../${page}`);
const { name, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const text = [
  `# ${name}`,
  '',
  `> ${description}`,
  '',
  ...sections.flatMap(([title, pages]) => [
    `## ${title}`,
    '',
    ...pages.map((page) => `- [${titleOf(page)}](${linkTo(page)}): ${summaryOf(page)}`),
    '',
  ]),
].join('\n');

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'llms.txt'), text);
if (values.copy) {
  const pages = sections.flatMap(([, list]) => list);
  for (const page of pages) {
    const target = join(folder, 'guides', page);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(root, page), target);
  }
  const whole = pages.map((page) => `<!-- ${page} -->\n\n${readFileSync(join(root, page), 'utf8')}`);
  writeFileSync(join(folder, 'llms-full.txt'), whole.join('\n\n'));
}
