import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';

import { MaestranoSsoError } from '../../src/errors/sso.error.js';
import { CheckFailed, CheckList } from '../../src/sso/login/check-list.js';
import type { VerifiedLogin } from '../../src/sso/login/login.service.js';
import { readXml } from '../../src/sso/saml/xml-reader.js';
import { parseSamlInstant } from '../../src/utils/dates.js';
import { ATTRIBUTES, formField, signedResponse } from '../support/saml/response-builder.js';
import { SamlBench } from '../support/saml/saml-bench.js';
import { settingsOf } from '../support/settings.js';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 150);
const REQUEST = '_fuzz';

let bench: SamlBench;
let xml: string;
let valid: VerifiedLogin;

/** What was made of a response: the login, or the code of the rejection. Anything else that is thrown is a failure. */
async function outcome(field: unknown): Promise<VerifiedLogin | string> {
  await bench.beginAs(REQUEST);
  await bench.store.delete(`sso-replay:lab:_fuzzed`);
  try {
    return await bench.validate(field, [REQUEST]);
  } catch (error) {
    if (error instanceof MaestranoSsoError) return error.code;
    throw error;
  }
}

/** Rejected, or exactly what the provider signed. */
async function holds(field: unknown): Promise<void> {
  const result = await outcome(field);
  if (typeof result === 'string') expect(result).toMatch(/^sso\./);
  else expect(result.profile).toEqual(valid.profile);
}

beforeAll(async () => {
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const real = Date.now();
  // The response stays valid however long the run takes.
  jest.spyOn(Date, 'now').mockReturnValue(real);
  bench = new SamlBench();
  xml = signedResponse(bench.spec(REQUEST, { assertionId: '_fuzzed', now: real }));
  valid = (await outcome(formField(xml))) as VerifiedLogin;
  expect(valid.profile.user.realUid).toBe('usr-1');
});
afterAll(() => void jest.restoreAllMocks());

const position = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (text: { readonly length: number }, where: number): number => Math.floor(where * text.length);
/** Pieces that mean something to one parser or another. */
const piece = fc.oneof(
  fc.constantFrom(
    ...[
      '<',
      '>',
      '&',
      '"',
      "'",
      '=',
      '/',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?x?>',
      '&amp;',
      '&#0;',
      '&x;',
      '<a/>',
      '</a>',
    ],
    ...[
      '\0',
      '\r',
      '\n',
      '\u2028',
      '\ufeff',
      '\ud800',
      '\u202e',
      'xmlns="urn:x"',
      ' ID="_fuzzed"',
      '<Assertion/>',
      'usr-admin',
    ],
    '<Attribute Name="uid"><AttributeValue>usr-admin</AttributeValue></Attribute>',
    '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>',
  ),
  fc.string({ maxLength: 8, unit: 'binary' }),
);

describe('mutated responses are rejected, or say what was signed', () => {
  it('byte by byte', async () => {
    const bytes = Buffer.from(xml);
    const edit = fc.record({
      where: position,
      kind: fc.constantFrom('flip', 'drop', 'insert', 'repeat'),
      byte: fc.integer({ min: 0, max: 255 }),
      length: fc.integer({ min: 1, max: 64 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        let mutated = bytes;
        for (const { where, kind, byte, length } of edits) {
          const index = at(mutated, where);
          const [head, tail] = [mutated.subarray(0, index), mutated.subarray(index)];
          if (kind === 'flip') mutated = Buffer.concat([head, Buffer.from([byte]), tail.subarray(1)]);
          if (kind === 'drop') mutated = Buffer.concat([head, tail.subarray(length)]);
          if (kind === 'insert') mutated = Buffer.concat([head, Buffer.from([byte]), tail]);
          if (kind === 'repeat') mutated = Buffer.concat([head, tail.subarray(0, length), tail]);
        }
        await holds(mutated.toString('base64'));
      }),
      { numRuns: RUNS },
    );
  });

  it('piece by piece of the XML', async () => {
    const edit = fc.record({ where: position, cut: fc.constantFrom(0, 0, 1, 7, 200), piece });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        let mutated = xml;
        for (const { where, cut, piece: inserted } of edits) {
          const index = at(mutated, where);
          mutated = mutated.slice(0, index) + inserted + mutated.slice(index + cut);
        }
        await holds(formField(mutated));
      }),
      { numRuns: RUNS },
    );
  });

  it('element by element: moved, doubled, removed, swapped', async () => {
    const tokens = xml.match(/<[^>]+>|[^<]+/g) ?? [];
    const edit = fc.record({
      from: position,
      to: position,
      length: fc.integer({ min: 1, max: 40 }),
      kind: fc.constantFrom('move', 'copy', 'drop'),
    });
    await fc.assert(
      fc.asyncProperty(edit, async ({ from, to, length, kind }) => {
        const mutated = [...tokens];
        const start = at(tokens, from);
        const taken = kind === 'copy' ? tokens.slice(start, start + length) : mutated.splice(start, length);
        if (kind !== 'drop') mutated.splice(at(mutated, to), 0, ...taken);
        await holds(formField(mutated.join('')));
      }),
      { numRuns: RUNS },
    );
  });

  it('character by character of the base64', async () => {
    const field = formField(xml);
    await fc.assert(
      fc.asyncProperty(
        position,
        fc.constantFrom('', 'A', '=', '+', '/', '-', '_', ' ', '\n', '\0', '%', '\u00e9'),
        fc.integer({ min: 0, max: 5 }),
        async (where, inserted, cut) => {
          const index = at(field, where);
          await holds(field.slice(0, index) + inserted + field.slice(index + cut));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('and so is anything that is no response at all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withNullPrototype: true,
          withSparseArray: true,
        }),
        async (field) => {
          expect(typeof (await outcome(field))).toBe('string');
        },
      ),
      { numRuns: RUNS },
    );
  });
});

describe('honest values', () => {
  it('come out as they went in', async () => {
    const text = fc
      .string({ maxLength: 60, unit: 'grapheme' })
      // What no attribute may hold, and what XML 1.0 cannot write.
      .filter((value) => !/[\p{Cc}\p{Cs}\u202a-\u202e\u2028\u2029\u2066-\u2069\ufffd-\uffff]/u.test(value));
    await fc.assert(
      fc.asyncProperty(text, text, async (name, group) => {
        const login = await bench.login({ attributes: { ...ATTRIBUTES, name, group_name: group } });
        expect(login.profile.user.attributes).toMatchObject({ name, group_name: group });
        expect(login.profile.user.firstName).toBe(name.trim() || null);
      }),
      { numRuns: Math.min(RUNS, 60) },
    );
  });
});

describe('the reader', () => {
  it('is over at once whatever it is given', () => {
    const soup = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(soup, (text) => {
        try {
          readXml(text, settingsOf().sso.limits, new CheckList());
        } catch (error) {
          expect(error).toBeInstanceOf(CheckFailed);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads instants as xs:dateTime does', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(parseSamlInstant(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
    fc.assert(fc.property(fc.string(), (text) => expect(parseSamlInstant(text)).toBeNull()));
  });
});
