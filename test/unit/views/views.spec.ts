import { describe, expect, it } from '@jest/globals';

import { assetPath, PAGE_ASSETS } from '../../../src/views/assets.js';
import { charges, latency, outcomes, sparkline } from '../../../src/views/charts.js';
import { difference, pairLines } from '../../../src/views/diff.js';
import { action, filters, form, select } from '../../../src/views/form.js';
import {
  count,
  dayHeading,
  exactTime,
  label,
  money,
  moneyText,
  relativeTime,
  when,
} from '../../../src/views/format.js';
import { heatMap, heatMapStart } from '../../../src/views/heat-map.js';
import { html } from '../../../src/views/html.js';
import { LEAVING_POLICY, PAGE_POLICY } from '../../../src/views/layout.js';
import { card, code, json, pill, rows, table } from '../../../src/views/parts.js';
import { STYLESHEET } from '../../../src/views/stylesheet.js';
import { webAddress } from '../../../src/views/web-address.js';

const MARKUP = `<b onclick="x">'&`;
const ESCAPED = '&lt;b onclick=&quot;x&quot;&gt;&#39;&amp;';

describe('markup in what pages show', () => {
  it.each([
    ['a template', html`<p title="${MARKUP}">${MARKUP}</p>`],
    ['a state', pill('bad', MARKUP)],
    ['a card', card(MARKUP, MARKUP, { aside: MARKUP, id: MARKUP })],
    ['a table', table(MARKUP, [{ name: MARKUP }], [[MARKUP]])],
    ['a line', rows([{ href: MARKUP, tone: 'good', word: MARKUP, title: MARKUP, sub: MARKUP }])],
    ['a day', rows([{ href: '/', tone: 'good', word: '', title: '', day: MARKUP }])],
    ['a difference', difference(MARKUP, MARKUP, pairLines(`${MARKUP}\n1`, `${MARKUP}\n2`))],
    ['a text', code('n', MARKUP, MARKUP)],
    ['JSON', json('n', MARKUP, JSON.stringify({ [MARKUP]: MARKUP }))],
    ['no JSON', json('n', MARKUP, MARKUP)],
    ['a form', form(MARKUP, MARKUP, html`${MARKUP}`, { label: MARKUP })],
    ['a button', action(MARKUP, MARKUP, MARKUP, { [MARKUP]: MARKUP })],
    ['a choice', select(MARKUP, MARKUP, [[MARKUP, MARKUP]], MARKUP)],
    ['a filter', filters(MARKUP, { label: MARKUP, hint: MARKUP, value: MARKUP }, html``, { a: MARKUP })],
    ['a drawing', outcomes('n', MARKUP, MARKUP, [{ label: MARKUP, good: 1, bad: 1 }], [MARKUP, MARKUP])],
    ['a panel', charges('n', MARKUP, 1, [{ label: MARKUP, once: 1, recurring: 0, expected: 0 }], MARKUP)],
  ])('is escaped in %s', (_what, { text }) => {
    expect(text).not.toContain(MARKUP);
    expect(text).not.toContain('<b ');
    expect(text).toMatch(/&lt;b/);
    expect(html`${MARKUP}`.text).toBe(ESCAPED);
  });
});

describe('addresses', () => {
  it.each(['http://localhost:3000/a?b#c', 'https://app.example.com'])('leads to %s', (address) => {
    expect(webAddress(address)).toBe(address);
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'java\tscript:alert(1)',
    'data:text/html,<script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:http://x/1',
    '/relative',
    '',
  ])('does not lead to %j', (address) => {
    expect(webAddress(address)).toBeNull();
  });
});

describe('the policy', () => {
  it('allows nothing inline and nothing from elsewhere', () => {
    for (const policy of [PAGE_POLICY, LEAVING_POLICY]) {
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|\*|data:/);
    }
    expect(PAGE_POLICY).toContain("form-action 'self'");
  });
});

describe('files', () => {
  it('change their address with their content, and are small', () => {
    expect(assetPath('pages.css')).toMatch(/^\/assets\/pages\.css\?v=[0-9a-f]{12}$/);
    expect(assetPath('pages.css').split('=')[1]).not.toBe(assetPath('pages.js').split('=')[1]);
    expect(Buffer.byteLength(PAGE_ASSETS.get('pages.css')!.body)).toBeLessThan(40_000);
    expect(Buffer.byteLength(PAGE_ASSETS.get('pages.js')!.body)).toBeLessThan(10_000);
  });
});

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((index) => Number.parseInt(hex.slice(index, index + 2), 16) / 255)
    .map((part) => (part <= 0.039_28 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

describe('contrast', () => {
  const tokens = new Map(
    [...STYLESHEET.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(
      ([, name = '', light = '', dark = '']) => [name, [light, dark] as const],
    ),
  );
  const text = 4.5;
  const shape = 3;

  it.each([
    ['ink', 'paper', text],
    ['ink', 'card', text],
    ['soft', 'card', text],
    ['soft', 'paper', text],
    ['soft', 'sunk', text],
    ['accent', 'card', text],
    ['accent', 'accent-wash', text],
    ['on-accent', 'accent', text],
    ['good', 'good-wash', text],
    ['warn', 'warn-wash', text],
    ['bad', 'bad-wash', text],
    ['info', 'info-wash', text],
    ['good', 'card', text],
    ['bad', 'card', text],
    ['warn', 'sunk', text],
    ['good', 'sunk', text],
    ['info', 'sunk', text],
    ['edge', 'card', shape],
    ['c1', 'card', shape],
    ['c2', 'card', shape],
    ['c3', 'card', shape],
    ['c4', 'card', shape],
  ])('of %s on %s is at least %d, light and dark', (front, back, least) => {
    for (const scheme of [0, 1] as const)
      expect(contrast(tokens.get(front)![scheme], tokens.get(back)![scheme])).toBeGreaterThanOrEqual(least);
  });
});

describe('numbers and times', () => {
  it.each([
    ['price_cents', 'Price'],
    ['unknownResource', 'Unknown resource'],
    ['silence', 'Silence'],
  ])('names the field %s as people do', (name, shown) => expect(label(name)).toBe(shown));

  it('writes money with its code, and a real minus', () => {
    expect(moneyText(132_050, 'AUD')).toBe('1,320.50 AUD');
    expect(money(-1_500, 'EUR').text).toContain('−15.00 EUR');
    expect(moneyText(0, 'JPY')).toBe('0.00 JPY');
  });

  it('counts', () => {
    expect(count(1, 'company', 'companies')).toBe('1 company');
    expect(count(2_000, 'company', 'companies')).toBe('2,000 companies');
  });

  it.each([
    ['2026-11-28T20:09:58Z', 'now'],
    ['2026-11-28T20:09:30Z', '30 sec ago'],
    ['2026-11-28T20:06:02Z', '3 min ago'],
    ['2026-11-28T18:00:00Z', '2 h ago'],
    ['2026-11-27T20:00:00Z', '1 day ago'],
    ['2026-12-01T21:00:00Z', 'in 3 days'],
    ['2026-08-12T00:00:00Z', '3 months ago'],
    ['no moment', 'no moment'],
  ])('tells %s as %s', (iso, told) => {
    expect(relativeTime(iso, Date.parse('2026-11-28T20:10:00Z'))).toBe(told);
  });

  it('keeps the exact moment beside the relative one', () => {
    expect(exactTime('2026-11-28T20:06:02Z')).toBe('28 Nov 2026, 20:06:02 UTC');
    expect(when('2026-11-28T20:06:02Z', Date.parse('2026-11-28T20:10:00Z')).text).toBe(
      '<time datetime="2026-11-28T20:06:02Z" data-exact="28 Nov 2026, 20:06:02 UTC">3 min ago</time>',
    );
  });
});

describe('days', () => {
  const now = Date.parse('2026-11-28T00:10:00Z');

  it.each([
    ['2026-11-28T00:06:02Z', 'Today, 28 November'],
    ['2026-11-27T23:59:59Z', 'Yesterday, 27 November'],
    ['2026-11-26T12:00:00Z', '26 November'],
    ['2025-11-28T00:06:02Z', '28 November 2025'],
    ['2026-11-29T00:00:00Z', '29 November'],
    ['no moment', 'no moment'],
  ])('of %s are called %s', (iso, name) => expect(dayHeading(iso, now)).toBe(name));

  it('stand above their lines, once', () => {
    const line = (day: string) => ({ href: '/', tone: 'good', word: 'x', title: 't', day }) as const;
    const { text } = rows([line('Today'), line('Today'), line('Yesterday')]);
    expect(text.match(/class="day">[^<]+/g)).toEqual(['class="day">Today', 'class="day">Yesterday']);
  });
});

describe('differences', () => {
  it.each([
    ['nothing', 'a\nb', 'a\nb', ['a=a', 'b=b']],
    ['a changed line', 'a\nb\nc', 'a\nx\nc', ['a=a', 'b=x', 'c=c']],
    ['lines that came', 'a\nc', 'a\nb\nb\nc', ['a=a', '-=b', '-=b', 'c=c']],
    ['lines that went', 'a\nb\nc', 'c', ['a=-', 'b=-', 'c=c']],
    ['everything', 'a', 'b\nc', ['a=b', '-=c']],
  ])('of %s', (_what, left, right, lines) => {
    expect(pairLines(left, right).map(([one, other]) => `${one ?? '-'}=${other ?? '-'}`)).toEqual(lines);
  });

  it('end after 400 lines of each', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => String(index)).join('\n');
    expect(pairLines(many, many)).toHaveLength(400);
  });
});

describe('drawings', () => {
  const months = [
    { label: 'Oct', once: 0, recurring: 4_900, expected: 0 },
    { label: 'Nov', once: 3_250, recurring: 5_600, expected: 0 },
    { label: 'Dec', once: 0, recurring: 0, expected: 9_600 },
  ];

  it('are pure: the same values make the same drawing', () => {
    expect(charges('a', 'AUD', 1, months).text).toBe(charges('a', 'AUD', 1, months).text);
  });

  it('say their figures in words, and behind them in a table', () => {
    const { text } = charges('a', 'AUD', 1, months, 'this month 88.50 AUD');
    expect(text).toContain('Nov: 88.50 AUD; Dec: 96.00 AUD, expected');
    expect(text).toContain('<td class="num">96.00</td>');
    expect(text).toMatch(/role="img"\s+aria-labelledby="a-t a-d"/);
    expect(text).not.toMatch(/style=|NaN|Infinity/);
  });

  it('are drawn of nothing as well', () => {
    expect(charges('a', 'AUD', 1, [{ label: 'Nov', once: 0, recurring: 0, expected: 0 }]).text).not.toMatch(
      /NaN|Infinity/,
    );
    expect(outcomes('a', 't', 'n', [{ label: '0', good: 0, bad: 0 }], ['G', 'B']).text).not.toMatch(
      /NaN|Infinity/,
    );
    expect(latency('a', 't', 'n', []).text).not.toMatch(/NaN|Infinity/);
    expect(latency('a', 't', 'n', [0, 100_000]).text).not.toMatch(/NaN|Infinity/);
  });

  it('show one failure among thousands', () => {
    const { text } = outcomes(
      'a',
      't',
      'n',
      [{ label: '00:00', good: 9_999, bad: 1 }],
      ['Delivered', 'Failed'],
    );
    const heights = [...text.matchAll(/height="([\d.]+)"\s+class="fbad"/g)].map(([, height]) =>
      Number(height),
    );
    expect(heights).toEqual([2, 2]);
  });

  it('show days as squares, weeks as columns, and begin on a Monday', () => {
    // 28 November 2026 is a Saturday.
    const now = Date.parse('2026-11-28T20:10:00Z');
    const start = heatMapStart(now, 12);
    expect(new Date(start).toISOString()).toBe('2026-09-07T00:00:00.000Z');
    expect(heatMapStart(Date.parse('2026-11-23T00:00:00Z'), 1)).toBe(Date.parse('2026-11-23T00:00:00Z'));
    expect(heatMapStart(Date.parse('2026-11-29T23:59:59Z'), 1)).toBe(Date.parse('2026-11-23T00:00:00Z'));
    const counts = Array.from({ length: 83 }, (_, day) => (day === 82 ? 8 : day === 0 ? 1 : 0));
    const { text } = heatMap('a', 'Logins by day', '12 weeks', { start, counts }, ['login', 'logins']);
    expect(text).toContain('9 logins in 12 weeks, at most 8 a day');
    expect(text).toContain('<title>28 Nov: 8 logins</title>');
    expect(text).toContain('<title>7 Sep: 1 login</title>');
    expect(
      [...text.matchAll(/class="q(\d)"\s*>\s*<title>/g)].filter(([, shade]) => shade !== '0'),
    ).toHaveLength(2);
    expect(text).toMatch(/<th scope="row">7 Sep<\/th>\s*<td class="num">1<\/td>/);
    expect(text.match(/>(Sep|Oct|Nov)<\/text/g)).toEqual(['>Sep</text', '>Oct</text', '>Nov</text']);
    const none = heatMap('a', MARKUP, MARKUP, { start, counts: [0] }, [MARKUP, MARKUP]).text;
    expect(none).not.toMatch(/NaN|Infinity/);
    expect(none).not.toContain(MARKUP);
  });

  it('say nothing of a course of two points', () => {
    expect(sparkline('a', 't', [1, 2])).toBe('');
    expect(sparkline('a', 't', [1, 9, 3])).not.toBe('');
  });
});
