import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { ATTRIBUTES, type ResponseSpec } from '../../../support/saml/response-builder.js';
import { SamlBench } from '../../../support/saml/saml-bench.js';

beforeEach(() => void jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined));
afterEach(() => void jest.restoreAllMocks());

const SIGNED = ['assertion', 'response', 'both'] as const satisfies readonly ResponseSpec['sign'][];
const CHARACTERS = ['\u2028', '\u0085', '\u2028\u0085\u2028'] as const;
/** As organizations is: JSON of what somebody pasted. */
const organizations = (character: string): string => `[{"name":"Ac${character}me"}]`;

describe.each(
  SIGNED.flatMap((sign) =>
    CHARACTERS.map((character) => [sign, JSON.stringify(character), character] as const),
  ),
)('a line separator, with %s signed: %s', (sign, _, character) => {
  const bench = new SamlBench({ sso: { signature: 'either' } });
  const attributes = {
    ...ATTRIBUTES,
    organizations: organizations(character),
    xy: character,
    company_name: `Ac${character}me`,
  };

  it('as it is arrives as it was signed', async () => {
    const { profile } = await bench.login({ sign, attributes });
    expect(profile.user.attributes).toMatchObject({
      organizations: organizations(character),
      xy: character,
      company_name: 'Ac me',
    });
    expect(profile.user.companyName).toBe('Ac me');
  });

  it('as a reference arrives as it was signed', async () => {
    const references = Array.from(character, (one) => `&#${one.codePointAt(0)};`).join('');
    const afterSigning = (xml: string): string => xml.replaceAll(character, references);
    const { profile } = await bench.login({ sign, attributes, afterSigning });
    expect(profile.user.attributes).toMatchObject({ organizations: organizations(character), xy: character });
  });

  it('in the value of an XML attribute breaks no signature', async () => {
    const beforeSigning = (xml: string): string =>
      xml.replace('<AttributeValue>Acme<', `<AttributeValue xmlns:x="urn:x" x:y="a${character}b">Acme<`);
    const { profile } = await bench.login({ sign, beforeSigning });
    expect(profile.group.name).toBe('Acme');
  });

  it('changed for a blank or a line feed on its way breaks the signature', async () => {
    for (const other of [' ', '\n']) {
      const afterSigning = (xml: string): string => xml.replaceAll(character, other);
      const rejection = await bench.rejection({ sign, attributes, afterSigning });
      expect(rejection.code).toBe('sso.signature');
    }
  });
});

describe('a line separator in markup', () => {
  it.each([
    ['a tag', (xml: string) => xml.replace('<AttributeStatement>', '<AttributeStatement\u2028>')],
    ['the XML declaration', (xml: string) => `<?xml\u2028version="1.0"?>${xml}`],
  ])('in %s is rejected by the strict reader', async (_, afterSigning) => {
    const rejection = await new SamlBench().rejection({ afterSigning });
    expect(rejection.code).toMatch(/^sso\.xml/);
  });

  it('in a signature value is no white space', async () => {
    const afterSigning = (xml: string): string =>
      xml.replace('<ds:SignatureValue>', '<ds:SignatureValue>\u2028');
    expect((await new SamlBench().rejection({ afterSigning })).code).toBe('sso.signatureStructure');
  });
});
