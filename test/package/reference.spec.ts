import { createDecipheriv, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { inflateRawSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { ROOT, sourceFiles } from './source-files.js';

/** A section of the reference that a comment names, with the rows or steps it means. */
interface Citation {
  readonly book: string;
  readonly section: string;
  readonly rows: readonly string[];
}

const BOOKS = ['protocol', 'saml', 'usage', 'synchronization'] as const;
const FOLDER = 'docs/reference';
const PAGES = readdirSync(join(ROOT, FOLDER)).filter((name) => name.endsWith('.md'));

const SECTION = String.raw`§(?:\d+(?:\.\d+)?|[A-C](?:\.\d+)?)`;
const ROW = String.raw`(?:\d+b?|[a-g])\b`;
const ROWS = `(?: (?:row|step) ${ROW}| (?:rows|steps) ${ROW}(?:, ${ROW})*(?: (?:and|to) ${ROW})?)`;
const ITEM = `${SECTION}(?: to ${SECTION}|${ROWS})?`;
/** The one form of a citation: `protocol §6.3`, `protocol §8.6 to §8.10, §9`, `saml §3.3 rows 7 and 22, §3.4`. */
const CITATION = new RegExp(`(?<![\\w/])(${BOOKS.join('|')}) (${ITEM}(?:, ${ITEM})*)`, 'g');

/** Comments on one line, and without the sections of standards. */
function prose(text: string): string {
  return text
    .replace(/\n\s*(?:\*|\/\/)(?!\/)/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/\bRFC \d+ §[\d.]*\d/g, '');
}

function citationsIn(text: string): Citation[] {
  return [...prose(text).matchAll(CITATION)].flatMap(([, book = '', items = '']) =>
    items.split(/, (?=§)/).flatMap((item): Citation[] => {
      const [first = '', last] = item.split(' to §').map((part) => part.replace('§', ''));
      if (last !== undefined) return between(first, last).map((section) => ({ book, section, rows: [] }));
      const [section = '', , ...names] = first.split(/,? (?:and )?/);
      const to = names.indexOf('to');
      const rows = to < 0 ? names : between(names[0] ?? '', names[to + 1] ?? '');
      return [{ book, section, rows }];
    }),
  );
}

/** `8.6` to `8.10`, `14` to `17`, `a` to `d`: the last part counts up. */
function between(first: string, last: string): string[] {
  const [, head = '', from = ''] = /^(.*?)(\d+|\w)$/.exec(first) ?? [];
  const to = last.slice(head.length);
  const numeric = /^\d+$/.test(from);
  const number = (text: string): number => (numeric ? Number(text) : text.charCodeAt(0));
  const length = Math.max(0, number(to) - number(from) + 1);
  return Array.from({ length }, (_, index) => {
    const value = number(from) + index;
    return head + (numeric ? String(value) : String.fromCharCode(value));
  });
}

const read = (page: string): string => readFileSync(join(ROOT, FOLDER, page), 'utf8');
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '');

/** The text below each numbered heading, up to the next one, by number. */
function sectionsOf(book: string): Map<string, string> {
  const sections = new Map<string, string>();
  const text = withoutCode(read(`${book}.md`));
  for (const part of text.split(/^(?=#{2,3} )/m)) {
    const number = /^#{2,3} (?:Appendix )?(\d+(?:\.\d+)?|[A-C](?:\.\d+)?)\.? /.exec(part)?.[1];
    if (number !== undefined) sections.set(number, part);
  }
  return sections;
}

const books = new Map(BOOKS.map((book) => [book as string, sectionsOf(book)]));

/** What is missing for a citation; null when nothing is. */
function missingOf({ book, section, rows }: Citation): string | null {
  const text = books.get(book)?.get(section);
  if (text === undefined) return `${book} §${section}`;
  const missing = rows.filter((row) => !new RegExp(`^(?:\\| ${row} +\\||${row}\\. )`, 'm').test(text));
  return missing.length > 0 ? `${book} §${section} row ${missing.join(', ')}` : null;
}

/** Every TypeScript file of the tests but this one. */
function testFiles(): { path: string; text: string }[] {
  return readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && normalize(name) !== join('package', 'reference.spec.ts'))
    .map((name) => ({ path: `test/${name}`, text: readFileSync(join(ROOT, 'test', name), 'utf8') }));
}

const files = [...sourceFiles().map(({ path, text }) => ({ path: `src/${path}`, text })), ...testFiles()];

/** GitHub's anchors. */
function anchorsOf(file: string): string[] {
  const headings = withoutCode(readFileSync(join(ROOT, file), 'utf8')).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

describe('the reference', () => {
  it('understands the forms of a citation', () => {
    const forms = [
      ['(protocol §6.3)', ['protocol 6.3 ']],
      ['protocol §7.1, §9', ['protocol 7.1 ', 'protocol 9 ']],
      ['protocol §8.9 to §8.11', ['protocol 8.9 ', 'protocol 8.10 ', 'protocol 8.11 ']],
      ['protocol §1.7 steps 1, 2, 4 and 5.', ['protocol 1.7 1,2,4,5']],
      ['saml §3.3 rows 14 to 16, §3.4', ['saml 3.3 14,15,16', 'saml 3.4 ']],
      ['protocol §0.2 rows a to c, saml §1', ['protocol 0.2 a,b,c', 'saml 1 ']],
      ['(protocol\n   * §A.4; saml §3.3 row 20)', ['protocol A.4 ', 'saml 3.3 20']],
    ] as const;
    for (const [text, expected] of forms) {
      const found = citationsIn(text).map(({ book, section, rows }) => `${book} ${section} ${rows.join()}`);
      expect({ text, found }).toEqual({ text, found: expected });
    }
  });

  it('has the heading of every section that comments cite, and the row or step', () => {
    const cited = files.flatMap(({ path, text }) =>
      citationsIn(text).map((citation) => ({ path, citation })),
    );
    expect(cited.length).toBeGreaterThan(200);
    const missing = cited.flatMap(({ path, citation }) => missingOf(citation)?.concat(' in ', path) ?? []);
    expect(missing).toEqual([]);
  });

  it('is cited in one form only', () => {
    const odd = files.flatMap(({ path, text }) => {
      const rest = prose(text).replace(CITATION, '');
      return [...rest.matchAll(/.{0,30}§.{0,20}|\breference\/(?:saml|protocol)\b(?!\.md)/g)].map(
        ([found]) => `${path}: ${found}`,
      );
    });
    expect(odd).toEqual([]);
  });

  it('is not cited in texts that users read', () => {
    const reported: string[] = [];
    for (const { path, ast } of sourceFiles()) {
      const visit = (node: ts.Node): void => {
        const text = ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) ? node.getText(ast) : '';
        if (text.includes('§')) reported.push(`${path}: ${text}`);
        ts.forEachChild(node, visit);
      };
      visit(ast);
    }
    expect(reported).toEqual([]);
  });

  it('has the sections and rows that it mentions itself', () => {
    const missing = BOOKS.flatMap((book) => {
      const text = withoutCode(read(`${book}.md`)).replace(/`(?:protocol|saml) §[^`]+`/g, '');
      const own = text.replace(new RegExp(ITEM, 'g'), (item) => `${book} ${item}`);
      return citationsIn(own).flatMap((citation) => missingOf(citation) ?? []);
    });
    expect(missing).toEqual([]);
  });

  it('numbers sections and rows without a gap or a repetition', () => {
    const headings = BOOKS.flatMap((book) =>
      [...withoutCode(read(`${book}.md`)).matchAll(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm)].map(
        ([, number]) => `${book} ${number}`,
      ),
    );
    expect(headings.filter((heading, index) => headings.indexOf(heading) !== index)).toEqual([]);
    const rows = [...(books.get('saml')?.get('3.3') ?? '').matchAll(/^\| (\d+) /gm)].map(([, row]) => row);
    expect(rows).toEqual(Array.from({ length: 27 }, (_, index) => String(index + 1)));
  });

  it('links only to files of the package, and to anchors that exist', () => {
    const dead = PAGES.flatMap((page) =>
      [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !leads(page, target))
        .map((target) => `${page}: ${target}`),
    );
    expect(dead).toEqual([]);
  });

  it('prints certificates that have the digests beside them', () => {
    const text = read('protocol.md');
    const pems = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    // The example of a configuration has a shortened one.
    const certificates = pems.filter((pem) => !pem.includes('…')).map((pem) => new X509Certificate(pem));
    expect(certificates).toHaveLength(4);
    for (const [index, { fingerprint, fingerprint256 }] of certificates.entries()) {
      const row = new RegExp(`^\\| ${'ABCD'[index]} +\\| \`([\\dA-Fa-f:]+)\` +\\| \`([\\dA-Fa-f:]+)\``, 'm');
      const [, sha1 = '', sha256 = ''] = row.exec(text) ?? [];
      expect([sha1, sha256].map((digest) => digest.toUpperCase())).toEqual([fingerprint, fingerprint256]);
    }
  });

  it('has test vectors that hold', () => {
    const vector = (section: string): string => books.get('protocol')?.get(section) ?? '';
    const codes = (section: string): string[] =>
      [...vector(section).matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
    const decode = (base64: string): string => Buffer.from(base64, 'base64').toString();

    const [pair = '', basic = ''] = codes('A.1');
    expect(decode(basic)).toBe(pair);

    const [key = '', password = '', encrypted = ''] = codes('A.2');
    const [iv = '', cipher = ''] = encrypted.split('--');
    const decipher = createDecipheriv('aes-256-cbc', key.slice(0, 32), Buffer.from(iv, 'base64'));
    expect(decipher.update(cipher, 'base64', 'utf8') + decipher.final('utf8')).toBe(password);

    const [payload = '', encoded = ''] = codes('A.3');
    expect(decode(encoded)).toBe(payload);

    const request = /^### A\.5[\s\S]*?^```\n(\S+)\n```/m.exec(read('protocol.md'))?.[1] ?? '';
    const xml = inflateRawSync(Buffer.from(decodeURIComponent(request), 'base64')).toString();
    const [example = ''] =
      /<samlp:AuthnRequest[\s\S]+?<\/samlp:AuthnRequest>/.exec(read('protocol.md')) ?? [];
    const oneLine = (text: string): string => text.replace(/>\s+</g, '><').replace(/\s+/g, ' ');
    expect(xml).toHaveLength(610);
    expect(oneLine(xml)).toBe(oneLine(example));
  });

  it('tells nothing of how it was written', () => {
    const traces: readonly RegExp[] = [
      /\b(?:SB|RB|RB12|RR0?|CR|JV1?|PH0?|NT0?|PY|ME|DJ|DR|DP|DN|CUI|WK|S[012])\b/,
      /\[[MG]\]/,
      /\b20(?:1[89]|2\d)-\d\d\b/,
      /\/work\/|\/tmp\/|\/home\/|\bclon(?:e|ed|ing)\b/i,
      /\b(?:we|you) (?:measured|should|must)\b|\bmeasured\b|\bTODO\b/i,
      /\b[0-9a-f]{7}\b(?=[ ,;)])/,
      /atlassian|github\.com|https:\/\/gitlab/i,
    ];
    const found = PAGES.flatMap((page) =>
      withoutCode(read(page))
        .split('\n')
        .flatMap((line) => traces.flatMap((trace) => trace.exec(line)?.[0] ?? []))
        .map((trace) => `${page}: ${trace}`),
    );
    expect(found).toEqual([]);
  });
});

function leads(page: string, target: string): boolean {
  if (/^[a-z]+:/i.test(target)) return false;
  const [path = '', anchor] = target.split('#');
  const file = normalize(path === '' ? `${FOLDER}/${page}` : join(dirname(`${FOLDER}/${page}`), path));
  const packed = file === 'README.md' || file.startsWith(join('docs', '/'));
  if (!packed || !existsSync(join(ROOT, file))) return false;
  return anchor === undefined || anchorsOf(file).includes(anchor);
}
