import crypto from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SAML } from '@node-saml/node-saml';

import type { MarketplaceSso } from '../../../../src/interfaces/marketplace.interface.js';
import type { LoginCheck } from '../../../../src/interfaces/login-trace.interface.js';
import { normaliseMarketplaces } from '../../../../src/marketplace/marketplace-normaliser.js';
import type { ResponseSpec } from '../../../support/saml/response-builder.js';
import { SamlBench, samlMarketplace } from '../../../support/saml/saml-bench.js';
import { testKey } from '../../../support/saml/test-keys.js';

let asked: jest.SpiedFunction<SAML['validatePostResponseAsync']>;

beforeEach(() => {
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  asked = jest.spyOn(SAML.prototype, 'validatePostResponseAsync');
});
afterEach(() => void jest.restoreAllMocks());

const certificates = (...names: readonly Parameters<typeof testKey>[0][]): Partial<MarketplaceSso> => ({
  certificates: names.map((name) => testKey(name).certificate),
});
const benchWith = (sso: Partial<MarketplaceSso>): SamlBench =>
  new SamlBench({ marketplace: samlMarketplace(sso) });

/** What the check of the signature says. */
async function signatureCheck(bench: SamlBench, overrides: Partial<ResponseSpec>): Promise<LoginCheck> {
  const { checks } = await bench.rejection(overrides);
  return checks.find(({ code }) => code === 'sso.signature')!;
}

describe('the key that signed', () => {
  it('is found among all certificates, and node-saml is given that one alone', async () => {
    const bench = benchWith(certificates('second', 'third', 'fourth', 'next', 'old', 'provider'));
    await bench.login({ embedded: null });
    const [saml] = asked.mock.contexts as SAML[];
    expect(saml?.options.idpCert).toBe(testKey('provider').certificate.pem);
  });

  it('may be any that the configuration lists', () => {
    const names = ['second', 'third', 'fourth', 'next', 'provider', 'old'] as const;
    const { marketplaces } = normaliseMarketplaces([
      {
        marketplace: 'lab',
        environment: 'test',
        app: { host: 'http://app.example.test' },
        api: { id: 'app-1', key: 'key-of-lab', host: 'https://lab.example.test' },
        sso: {
          idp: 'https://lab.example.test',
          x509_certificate: names.map((name) => testKey(name).certificate.pem),
        },
      },
    ]);
    expect(marketplaces[0]?.sso.certificates).toHaveLength(names.length);
  });

  it.each<[string, () => Partial<ResponseSpec>]>([
    ['no configured key made', () => ({ key: testKey('attacker') })],
    [
      'has another value',
      () => ({ afterSigning: (xml) => xml.replace(/<ds:SignatureValue>..../, '<ds:SignatureValue>ZZZZ') }),
    ],
    [
      'covers another digest',
      () => ({ afterSigning: (xml) => xml.replace(/<ds:DigestValue>..../, '<ds:DigestValue>ZZZZ') }),
    ],
    ['is one of two by two keys', () => ({ sign: 'both', responseKey: testKey('next') })],
    ['is one of two, the other by a stranger', () => ({ sign: 'both', responseKey: testKey('attacker') })],
  ])('is nobody when a signature %s, and node-saml is not asked', async (_name, overrides) => {
    const bench = benchWith(certificates('provider', 'next'));
    expect((await bench.rejection(overrides())).code).toBe('sso.signature');
    expect(asked).not.toHaveBeenCalled();
  });

  it('accepts nothing: what was changed under its signature is left to node-saml', async () => {
    const afterSigning = (xml: string): string => xml.replace('>Admin<', '>Super Admin<');
    expect((await new SamlBench().rejection({ afterSigning })).code).toBe('sso.signature');
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('is nobody where the system forbids the algorithm', async () => {
    jest.spyOn(crypto.Verify.prototype, 'verify').mockImplementation(() => {
      throw new Error('invalid digest');
    });
    const check = await signatureCheck(benchWith(certificates('provider', 'next')), { algorithm: 'sha1' });
    expect(check.seen).toBe('a SHA-1 signature, which the crypto policy of this system forbids');
  });
});

describe('what was expected and what was seen of a signature', () => {
  const provider = (): string => testKey('provider').certificate.sha256;

  it.each<[string, () => Partial<ResponseSpec>, () => string]>([
    [
      'of another key with its certificate',
      () => ({ key: testKey('attacker') }),
      () => `embedded certificate with sha256 ${testKey('attacker').certificate.sha256}`,
    ],
    [
      'of another key without one',
      () => ({ key: testKey('attacker'), embedded: null }),
      () => 'another key, no readable embedded certificate',
    ],
    [
      'of another key with the configured certificate',
      () => ({ key: testKey('attacker'), embedded: testKey('provider').embedded }),
      () => 'that certificate embedded, but its key did not make this signature',
    ],
    [
      'over what was changed later',
      () => ({ afterSigning: (xml) => xml.replace('>Admin<', '>Super Admin<') }),
      () => `content that was changed after the key of sha256 ${provider()} signed it`,
    ],
  ])('%s differs', async (_name, overrides, seen) => {
    const check = await signatureCheck(new SamlBench(), overrides());
    expect(check).toMatchObject({ expected: `certificate with sha256 ${provider()}`, seen: seen() });
  });
});
