import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { parseCertificates } from '../../../src/marketplace/normaliser/certificate-text.js';
import { normaliseMarketplaces } from '../../../src/marketplace/marketplace-normaliser.js';
import { CERTIFICATE_B, CERTIFICATE_C } from '../../../src/marketplace/normaliser/environment-presets.js';
import {
  SHARED_FIXTURES_REASON,
  sharedFixture,
  sharedFixturesPresent,
} from '../../support/shared-fixtures.js';

const bodyOf = (pem: string): string => pem.replace(/-----[^-]+-----|\s/g, '');
const B = bodyOf(CERTIFICATE_B);
const C = bodyOf(CERTIFICATE_C);
const pems = (text: string): string[] => parseCertificates(text).certificates.map(({ pem }) => pem);
const inLines = (body: string, width: number, end = '\n'): string =>
  body.match(new RegExp(`.{1,${width}}`, 'g'))!.join(end);

const keyDescriptor = (body: string, use = '', prefix = 'md:') =>
  `<${prefix}KeyDescriptor${use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n${inLines(body, 76)}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></${prefix}KeyDescriptor>`;
const metadata = (keys: string, others = '') =>
  `<?xml version="1.0"?><md:EntityDescriptor entityID="x"><ds:Signature><ds:X509Certificate>${C}</ds:X509Certificate></ds:Signature><md:IDPSSODescriptor>${keys}</md:IDPSSODescriptor>${others}</md:EntityDescriptor>`;

describe('a certificate', () => {
  it.each([
    ['blanks in the armour', `----- BEGIN CERTIFICATE -----\n${B}\n----- END CERTIFICATE -----`],
    ['lower-case armour', CERTIFICATE_B.replace(/CERTIFICATE/g, 'certificate').replace('BEGIN', 'begin')],
    ['only the first line of the armour', `-----BEGIN CERTIFICATE-----\n${inLines(B, 64)}`],
    ['only the last line of the armour', `${inLines(B, 64)}\n-----END CERTIFICATE-----`],
    ['armour without dashes', `BEGIN CERTIFICATE ${B} END CERTIFICATE`],
    [
      'armour with dashes of a word processor',
      `—–BEGIN CERTIFICATE—–\n${inLines(B, 64)}\n—–END CERTIFICATE—–`,
    ],
    ['quotes around a bare body', `"${B}"`],
    ['a JSON string', JSON.stringify(CERTIFICATE_B)],
    ['a JSON string of a JSON string', JSON.stringify(JSON.stringify(CERTIFICATE_B))],
    [
      'a text put together in a program',
      inLines(B, 64)
        .split('\n')
        .map((line) => `"${line}"`)
        .join(' +\n'),
    ],
    [
      'a text put together in PHP',
      inLines(B, 64)
        .split('\n')
        .map((line) => `'${line}'`)
        .join(' .\n'),
    ],
    [
      'quoted lines of a mail',
      inLines(B, 64)
        .split('\n')
        .map((line) => `> ${line}`)
        .join('\n'),
    ],
    ['an element', `<ds:X509Certificate>${B}</ds:X509Certificate>`],
    [
      'an element with references for line ends',
      `<X509Certificate>${inLines(B, 64, '&#13;\n')}</X509Certificate>`,
    ],
    ['lines of a page', inLines(B, 64, '<br>\n')],
    ['zero-width characters', `\u200B${inLines(B, 64, '\u200B\n')}\uFEFF`],
    ['a variable', `IDP_CERT=${B}`],
    ['base64 of an element', Buffer.from(`<ds:X509Certificate>${B}</ds:X509Certificate>`).toString('base64')],
    ['the alphabet of addresses', B.replaceAll('+', '-').replaceAll('/', '_')],
    [
      'the alphabet of addresses in armour',
      `-----BEGIN CERTIFICATE-----\n${inLines(B, 64).replaceAll('+', '-').replaceAll('/', '_')}\n-----END CERTIFICATE-----`,
    ],
    ['percent-encoding', encodeURIComponent(CERTIFICATE_B)],
    ['the encoding of forms', new URLSearchParams({ certificate: CERTIFICATE_B }).toString()],
    ['no padding', B.replace(/=+$/, '')],
    ['another one, of a key, behind it', `${CERTIFICATE_B}\n# comment: "short"`],
  ])('is read with %s', (_name, text) => {
    expect(parseCertificates(text)).toMatchObject({ certificates: [{ pem: CERTIFICATE_B }], failures: [] });
  });

  it('is one of several in any text, none of which gets lost', () => {
    for (const text of [
      CERTIFICATE_B + CERTIFICATE_C,
      B + C,
      `${B.replace(/=+$/, '')}\n${C}`,
      `["${B}", "${C}"]`,
      `${B},${C}`,
      Buffer.from(CERTIFICATE_B + CERTIFICATE_C).toString('base64'),
    ]) {
      expect(pems(text)).toEqual([CERTIFICATE_B, CERTIFICATE_C]);
    }
  });

  it.each([
    ['cut off', CERTIFICATE_B.slice(0, 600)],
    ['cut off within its armour', CERTIFICATE_B.replace(/([\s\S]{400})[\s\S]*(-----END)/, '$1\n$2')],
    ['damaged', CERTIFICATE_B.replace(/MII.{20}/, (start) => start.replace(/.{8}$/, 'AAAAAAAA'))],
    ['a public key', `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(64)}\n-----END PUBLIC KEY-----`],
    ['nothing of the kind', 'Please ask the marketplace for it.'],
    ['too long', 'x'.repeat(600_000)],
  ])('that is %s is reported', (_name, text) => {
    const { certificates, failures } = parseCertificates(text);
    expect(certificates).toEqual([]);
    expect(failures).toHaveLength(1);
    expect(failures[0]).not.toContain('MII');
  });

  it('beside one that is damaged is read, and the other reported', () => {
    for (const text of [
      CERTIFICATE_B.slice(0, 700) + '\n' + CERTIFICATE_C,
      CERTIFICATE_C + CERTIFICATE_B.slice(0, 700),
    ]) {
      expect(parseCertificates(text)).toMatchObject({
        certificates: [{ pem: CERTIFICATE_C }],
        failures: [expect.stringContaining('does not parse')],
      });
    }
  });

  it('costs little whatever the text is', () => {
    const started = performance.now();
    for (const text of [
      'MII'.repeat(170_000),
      'MIIC'.repeat(128_000),
      `<KeyDescriptor ${'<'.repeat(500_000)}`,
      '"+'.repeat(250_000),
      '&#x'.repeat(170_000),
    ]) {
      parseCertificates(text);
    }
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('a metadata document', () => {
  it('gives all certificates for signing of its identity provider, and no other', () => {
    const service = `<md:SPSSODescriptor>${keyDescriptor(C)}</md:SPSSODescriptor>`;
    expect(pems(metadata(keyDescriptor(B, ' use="signing"') + keyDescriptor(C, ' use="signing"')))).toEqual([
      CERTIFICATE_B,
      CERTIFICATE_C,
    ]);
    expect(pems(metadata(keyDescriptor(B)))).toEqual([CERTIFICATE_B]);
    for (const text of [
      metadata(keyDescriptor(B, ' use="signing"') + keyDescriptor(C, ' use="encryption"')),
      metadata(keyDescriptor(B, " use='signing'") + keyDescriptor(C, " use = 'encryption'"), service),
      metadata(`<!-- ${keyDescriptor(C)} -->${keyDescriptor(B)}`),
      keyDescriptor(B, ' use="signing"', '') + keyDescriptor(C, ' use="encryption"', ''),
    ]) {
      expect(parseCertificates(text)).toMatchObject({ certificates: [{ pem: CERTIFICATE_B }], failures: [] });
    }
  });

  it.each([
    ['of a service provider', metadata('').replaceAll('IDPSSO', 'SPSSO')],
    ['without a certificate', metadata('')],
    [
      'of several parties',
      `<EntitiesDescriptor>${metadata(keyDescriptor(B)).repeat(2)}</EntitiesDescriptor>`,
    ],
  ])('%s is reported', (_name, text) => {
    expect(parseCertificates(text)).toMatchObject({ certificates: [], failures: [expect.any(String)] });
  });
});

const recorded = sharedFixturesPresent ? describe : describe.skip;
if (!sharedFixturesPresent)
  console.warn(`Skipping certificates of public reports: ${SHARED_FIXTURES_REASON}.`);

recorded('certificates of public reports', () => {
  const folder = 'public-reports/certificates';
  const root = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'fixtures');
  const files = sharedFixturesPresent ? readdirSync(join(root, folder)) : [];

  it.each(files)('%s', (file) => {
    const { certificates, failures } = parseCertificates(sharedFixture(`${folder}/${file}`));
    // These were cut off by those who published them.
    if (/TextFile1|formatted|invalid/.test(file)) expect(failures.length).toBeGreaterThan(0);
    else expect([certificates.length > 0, failures]).toEqual([true, []]);
  });

  it('and metadata documents', () => {
    const multi = parseCertificates(
      sharedFixture('public-reports/metadata/ruby-saml.idp_metadata_multi_certs.xml'),
    );
    expect(multi.failures).toEqual([]);
    expect(multi.certificates.length).toBeGreaterThan(1);
    const one = parseCertificates(sharedFixture('public-reports/metadata/ruby-saml.idp_descriptor.xml'));
    expect([one.certificates.length, one.failures]).toEqual([1, []]);
  });
});

describe('in the configuration', () => {
  it('what is damaged is an error, and the others are used', () => {
    const { marketplaces, problems } = normaliseMarketplaces({
      marketplace: 'mine',
      environment: 'uat',
      app: { host: 'https://app.example.com' },
      api: { id: 'app', key: 'key-of-mine' },
      sso: { x509_certificate: CERTIFICATE_C + CERTIFICATE_B.slice(0, 700) },
    });
    expect(marketplaces[0]!.sso.certificates).toHaveLength(1);
    expect(problems).toContainEqual(
      expect.objectContaining({ code: 'configuration.certificate', severity: 'error' }),
    );
  });
});
