import { describe, expect, it } from '@jest/globals';
import { DOMParser } from '@xmldom/xmldom';

import { CheckList } from '../../src/sso/login/check-list.js';
import { forXmlDom, readXml } from '../../src/sso/saml/xml-reader.js';
import { settingsOf } from '../support/settings.js';
import { proveSize } from '../support/sizes.js';

const LIMITS = { ...settingsOf().sso.limits, references: 10_000 };
/** Code points to a document. */
const CHUNK = 1_024;

/** Beyond the basic plane the short run takes some of each block; `npm run prove` takes all. */
const STEP = proveSize(61, 1);

/** Every character that a document of XML 1.0 may hold, but the carriage return, which no reader gets to see. */
function* characters(): Generator<number> {
  yield* [0x9, 0xa];
  for (let code = 0x20; code <= 0x10ffff; code += code > 0xffff ? STEP : 1) {
    if (code === 0xd800) code = 0xe000;
    if (code !== 0xfffe && code !== 0xffff) yield code;
  }
}

function* chunks(): Generator<number[]> {
  let chunk: number[] = [];
  for (const code of characters()) {
    chunk.push(code);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  yield chunk;
}

const raw = (code: number): string => String.fromCodePoint(code);
const reference = (code: number): string => `&#x${code.toString(16)};`;
const isMarkup = (code: number): boolean => '<&"'.includes(raw(code));

/** How a document holds code points, and what one of our readers and one of node-saml's makes of it. */
interface Place {
  readonly name: string;
  readonly write: (codes: readonly number[]) => string;
}

const PLACES: readonly Place[] = [
  {
    name: 'text',
    write: (codes) =>
      `<a b="">${codes
        .filter((code) => !isMarkup(code))
        .map(raw)
        .join('')}</a>`,
  },
  {
    name: 'the value of an attribute',
    write: (codes) =>
      `<a b="${codes
        .filter((code) => !isMarkup(code))
        .map(raw)
        .join('')}"></a>`,
  },
  { name: 'a reference in text', write: (codes) => `<a b="">${codes.map(reference).join('')}</a>` },
  {
    name: 'a reference in the value of an attribute',
    write: (codes) => `<a b="${codes.map(reference).join('')}"></a>`,
  },
];

function strictly(xml: string): string {
  const { attributes, text } = readXml(xml, LIMITS, new CheckList());
  return `${attributes.get('b')}|${text}`;
}

function byXmlDom(xml: string): string {
  const { documentElement } = new DOMParser().parseFromString(xml, 'text/xml');
  return `${documentElement.getAttribute('b')}|${documentElement.textContent}`;
}

/** The code points that the two readers read differently. */
function differences(write: Place['write'], prepare: (xml: string) => string): string[] {
  const differ = (codes: readonly number[]): boolean => {
    const xml = write(codes);
    return strictly(xml) !== byXmlDom(prepare(xml));
  };
  return [...chunks()]
    .filter(differ)
    .flatMap((chunk) => chunk.filter((code) => differ([code])))
    .map((code) => `U+${code.toString(16)}`);
}

describe.each(PLACES.map((place) => [place.name, place] as const))('over all code points, %s', (_, place) => {
  it('is read alike by the strict reader and by the one that node-saml uses', () => {
    expect(differences(place.write, forXmlDom)).toEqual([]);
  });

  it('would be read differently for no other character than the two that are written as references', () => {
    const isRaw = !place.name.includes('reference');
    expect(differences(place.write, (xml) => xml)).toEqual(isRaw ? ['U+85', 'U+2028'] : []);
  });
});
