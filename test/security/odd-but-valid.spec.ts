import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import type { MarketplaceSso } from '../../src/interfaces/marketplace.interface.js';
import type { SsoOptions } from '../../src/interfaces/sso-options.interface.js';
import type { VerifiedLogin } from '../../src/sso/login/login.service.js';
import {
  ATTRIBUTES,
  attributeXml,
  bearerData,
  C14N,
  confirmationXml,
  escapeXml,
  formField,
  instant,
  type ResponseSpec,
  signedAnew,
} from '../support/saml/response-builder.js';
import { SamlBench, samlMarketplace } from '../support/saml/saml-bench.js';
import { testKey } from '../support/saml/test-keys.js';
import { REQUEST_ID, type Scene, sceneOf } from './corpus/hostile-case.js';

interface OddCase {
  readonly name: string;
  readonly respond: (scene: Scene) => unknown;
  readonly sso?: () => Partial<MarketplaceSso>;
  readonly options?: SsoOptions;
  readonly bound?: readonly string[] | null;
  /** What must be read, beside `usr-1` in `cld-1`. */
  readonly holds?: (login: VerifiedLogin) => void;
}

const MINUTE = 60_000;
const odd = (
  name: string,
  overrides: Partial<ResponseSpec> | ((scene: Scene) => Partial<ResponseSpec>) = {},
  extra: Partial<OddCase> = {},
): OddCase => ({
  name,
  respond: (scene) => scene.field(typeof overrides === 'function' ? overrides(scene) : overrides),
  ...extra,
});
const change = (name: string, edit: (xml: string) => string, extra: Partial<OddCase> = {}): OddCase =>
  odd(name, { afterSigning: edit }, extra);
const before = (name: string, edit: (xml: string) => string, extra: Partial<OddCase> = {}): OddCase =>
  odd(name, { beforeSigning: edit }, extra);
const value = (
  name: string,
  changes: Record<string, string>,
  holds: (login: VerifiedLogin) => void,
): OddCase => odd(name, { attributes: { ...ATTRIBUTES, ...changes } }, { holds });
const clock = (name: string, offset: number, options?: SsoOptions): OddCase =>
  odd(name, ({ now }) => ({ now: now + offset }), options ? { options } : {});
const statement = (extra: string, attributes: Readonly<Record<string, string>> = ATTRIBUTES): string =>
  `<AttributeStatement>${Object.entries(attributes)
    .map(([name, text]) => attributeXml(name, escapeXml(text)))
    .join('')}${extra}</AttributeStatement>`;

const CASES: readonly OddCase[] = [
  odd('the usual response'),
  odd('SHA-1, as Maestrano signs', { algorithm: 'sha1' }),
  odd('SHA-512', { algorithm: 'sha512' }),
  odd('RSA of 1024 bits', () => ({ key: testKey('old'), algorithm: 'sha1' }), {
    sso: () => ({ certificates: [testKey('old').certificate] }),
  }),
  odd('assertion and response signed', { sign: 'both' }),
  odd(
    'only the response signed, where that is the policy',
    { sign: 'response' },
    { options: { signature: 'response' } },
  ),
  odd(
    'only the response signed, where either will do',
    { sign: 'response' },
    { options: { signature: 'either' } },
  ),
  odd('no embedded certificate', { embedded: null }),
  odd('certificate embedded as base64 of PEM', () => ({
    embedded: Buffer.from(testKey('provider').certificate.pem).toString('base64'),
  })),
  odd('foreign certificate embedded, signed with ours', () => ({ embedded: testKey('attacker').embedded })),
  odd('signed with the second of two certificates', () => ({ key: testKey('next') }), {
    sso: () => ({ certificates: [testKey('provider').certificate, testKey('next').certificate] }),
  }),
  odd(
    'signed with the second of two certificates, none embedded',
    () => ({ key: testKey('next'), embedded: null }),
    {
      sso: () => ({ certificates: [testKey('provider').certificate, testKey('next').certificate] }),
    },
  ),
  odd(
    'fingerprint by SHA-1',
    {},
    {
      sso: () => ({
        certificates: [],
        fingerprints: [{ algorithm: 'sha1', digest: testKey('provider').certificate.sha1 }],
      }),
    },
  ),
  odd(
    'fingerprint by SHA-256, certificate embedded as PEM',
    () => ({
      embedded: Buffer.from(testKey('provider').certificate.pem).toString('base64'),
    }),
    {
      sso: () => ({
        certificates: [],
        fingerprints: [{ algorithm: 'sha256', digest: testKey('provider').certificate.sha256 }],
      }),
    },
  ),
  odd('second of two fingerprints', () => ({ key: testKey('next') }), {
    sso: () => ({
      certificates: [],
      fingerprints: [
        { algorithm: 'sha256', digest: testKey('provider').certificate.sha256 },
        { algorithm: 'sha1', digest: testKey('next').certificate.sha1 },
      ],
    }),
  }),
  odd(
    'last of five certificates, none embedded',
    { embedded: null },
    {
      sso: () => ({
        certificates: (['second', 'third', 'fourth', 'next', 'provider'] as const).map(
          (name) => testKey(name).certificate,
        ),
      }),
    },
  ),
  odd(
    'assertion and response signed with the second of two certificates',
    { sign: 'both', embedded: null },
    {
      sso: () => ({ certificates: [testKey('next').certificate, testKey('provider').certificate] }),
    },
  ),
  ...[
    ['xs xsi', 'inclusive namespaces in the transform'],
    [Array.from({ length: 16 }, (_, index) => `p${index}`).join(' '), 'as many as are allowed'],
  ].map(([list, name = '']) =>
    change(name, (xml) =>
      signedAnew(
        xml.replace(
          new RegExp(`<ds:Transform Algorithm="${C14N}"\\s*/>`),
          `<ds:Transform Algorithm="${C14N}"><ec:InclusiveNamespaces xmlns:ec="${C14N}" PrefixList="${list}"/></ds:Transform>`,
        ),
        testKey('provider'),
      ),
    ),
  ),
  clock('provider 50 s ahead', 50_000),
  clock('provider 3.5 minutes behind', -3.5 * MINUTE),
  clock('provider 5 minutes ahead, with the skew raised', 5 * MINUTE, { acceptedClockSkewMs: 10 * MINUTE }),
  odd('consume URL as the audience', { audience: 'https://app.example.com/maestrano/auth/saml/consume/lab' }),
  odd('application id as the audience', { audience: 'app-1' }),
  odd('foreign audience with the check off', { audience: 'urn:whoever' }, { options: { audience: 'off' } }),
  odd(
    'listed audience of this marketplace',
    { audience: 'urn:ours' },
    {
      options: { perMarketplace: { lab: { audience: ['urn:ours'] } } },
    },
  ),
  odd('several audiences, ours among them', ({ now }) => ({
    parts: {
      conditions: `<Conditions NotBefore="${instant(now)}" NotOnOrAfter="${instant(now + MINUTE)}"><AudienceRestriction><Audience>urn:x</Audience><Audience>https://app.example.com/</Audience></AudienceRestriction><OneTimeUse/></Conditions>`,
    },
  })),
  odd('audience with white space around it', ({ now }) => ({
    parts: {
      conditions: `<Conditions NotBefore="${instant(now)}" NotOnOrAfter="${instant(now + MINUTE)}"><AudienceRestriction><Audience>\n\t  https://app.example.com/\n </Audience></AudienceRestriction></Conditions>`,
    },
  })),
  odd(
    'configured audience with white space around it',
    { audience: 'urn:ours' },
    { options: { audience: [' urn:ours\n'] } },
  ),
  odd('issuer of the assertion with white space around it', {
    parts: { issuer: '<Issuer>\n  https://hub.example.com/api/v1/auth/saml?SAMLRequest=x\t\n</Issuer>' },
    issuer: 'https://hub.example.com/api/v1/auth/saml?SAMLRequest=x',
  }),
  odd('issuer of the response with white space around it', {
    parts: {
      responseIssuer:
        '<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">\n https://hub.example.com/api/v1/auth/saml \n</Issuer>',
    },
    issuer: 'https://hub.example.com/api/v1/auth/saml',
  }),
  odd(
    'configured issuer with white space around it',
    { issuer: 'urn:idp' },
    { options: { issuer: [' urn:idp '] } },
  ),
  odd('issuer without a query', { issuer: 'https://hub.example.com/api/v1/auth/saml' }),
  odd('listed issuer', { issuer: 'urn:idp' }, { options: { issuer: ['urn:other', 'urn:idp'] } }),
  odd('unknown issuer with the check off', { issuer: 'whoever' }, { options: { issuer: 'off' } }),
  odd('no issuer of the response', {
    parts: { responseIssuer: '' },
    sign: 'assertion',
  }),
  change('no destination', (xml) => xml.replace(/ Destination="[^"]*"/, '')),
  odd('two confirmations, the second one right', (scene) => {
    const data = bearerData(scene.spec());
    return {
      parts: {
        confirmation:
          confirmationXml({ ...data, Recipient: 'https://other.example.com/' }) +
          confirmationXml(data, 'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches') +
          confirmationXml(data),
      },
    };
  }),
  odd('times with fractions and zones', ({ now }) => ({
    parts: {
      conditions: `<Conditions NotBefore="${new Date(now).toISOString()}" NotOnOrAfter="${new Date(now + 9 * 3_600_000 + MINUTE).toISOString().replace('Z', '000+09:00')}"><AudienceRestriction><Audience>https://app.example.com/</Audience></AudienceRestriction></Conditions>`,
    },
  })),
  odd(
    'NameID that is not the uid, with the check off',
    { nameId: 'someone@example.com' },
    {
      options: { nameIdMustMatchUid: false },
    },
  ),
  odd('no binding cookie', {}, { bound: null }),
  odd('binding cookie of several logins', {}, { bound: ['_one', REQUEST_ID, '_two'] }),
  odd('foreign binding cookie with the check off', {}, { bound: ['_one'], options: { binding: 'off' } }),
  odd('XML declaration', {
    parts: { declaration: '' },
    afterSigning: (xml) => `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`,
  }),
  change('byte order mark', (xml) => `\ufeff${xml}`),
  change('blanks around the root', (xml) => `\n\n${xml}\n \n`),
  before('line feeds between the elements', (xml) => xml.replaceAll('><', '>\n<')),
  {
    name: 'carriage returns in the document',
    respond: (scene) =>
      formField(scene.xml({ beforeSigning: (xml) => xml.replaceAll('><', '>\n<') }).replaceAll('\n', '\r\n')),
  },
  { name: 'base64 on one line', respond: (scene) => Buffer.from(scene.xml({})).toString('base64') },
  {
    name: 'base64 with carriage returns, tabs and blanks',
    respond: (scene) => scene.field({}).replaceAll('\n', '\r\n \t'),
  },
  before('prefixes in place of default namespaces', (xml) =>
    xml
      .replace('<Assertion xmlns=', '<saml:Assertion xmlns:saml=')
      .replace('</Assertion>', '</saml:Assertion>')
      .replace(/<(\/?)(?!samlp:|saml:|Issuer xmlns)([A-Z]\w+)(?![^<]*<\/Issuer><samlp)/g, '<$1saml:$2')
      .replace('</saml:Issuer><samlp:Status>', '</Issuer><samlp:Status>'),
  ),
  before('attribute formats and types', (xml) =>
    xml
      .replaceAll(
        '<Attribute Name=',
        '<Attribute NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic" Name=',
      )
      .replaceAll(
        '<AttributeValue>',
        '<AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string" xmlns:xs="http://www.w3.org/2001/XMLSchema">',
      ),
  ),
  odd('extensions', {
    parts: { extensions: '<samlp:Extensions><x:Hint xmlns:x="urn:x">y</x:Hint></samlp:Extensions>' },
  }),
  change('status message', (xml) =>
    xml.replace('</samlp:Status>', '<samlp:StatusMessage>welcome</samlp:StatusMessage></samlp:Status>'),
  ),
  value(
    'accents and scripts',
    { name: 'Zoë', surname: 'Müller-Ελλάς', group_name: '株式会社' },
    ({ profile }) => {
      expect(profile.user).toMatchObject({ firstName: 'Zoë', lastName: 'Müller-Ελλάς' });
      expect(profile.group.name).toBe('株式会社');
    },
  ),
  value('characters outside the basic plane', { name: '𝒥𝑜 👋' }, ({ profile }) =>
    expect(profile.user.firstName).toBe('𝒥𝑜 👋'),
  ),
  value('names that need escaping', { group_name: `A & B <"C"> 'D' ]]` }, ({ profile }) =>
    expect(profile.group.name).toBe(`A & B <"C"> 'D' ]]`),
  ),
  before('character references', (xml) => xml.replace('>Acme<', '>&#65;&#x43;me &amp; &lt;x&gt;<'), {
    holds: ({ profile }) => expect(profile.group.name).toBe('ACme & <x>'),
  }),
  value(
    'everything optional empty',
    Object.fromEntries(
      Object.keys(ATTRIBUTES)
        .filter((name) => !['uid', 'mno_uid', 'group_uid', 'mno_session'].includes(name))
        .map((name) => [name, '']),
    ),
    ({ profile, recheckAt }) => {
      expect(profile.user).toMatchObject({
        email: null,
        firstName: null,
        country: null,
        companyName: null,
        virtualUid: 'usr-1.cld-1',
        reseller: null,
      });
      expect(profile.group).toMatchObject({
        name: null,
        freeTrialEndAt: null,
        hasCreditCard: null,
        timezone: null,
      });
      expect(profile.membership.role).toBe('Guest');
      expect(Math.abs(recheckAt.getTime() - Date.now())).toBeLessThan(5 * MINUTE);
    },
  ),
  odd(
    'nothing but the identifiers',
    { attributes: { uid: 'usr-1', group_uid: 'cld-1', mno_session: 't' } },
    {
      holds: ({ profile }) =>
        expect(profile.user).toMatchObject({ realUid: 'usr-1', email: null, lastName: null }),
    },
  ),
  value(
    'dates that are none',
    { group_end_free_trial: 'soon', mno_session_recheck: '0000-00-00' },
    ({ profile }) => expect(profile.group.freeTrialEndAt).toBeNull(),
  ),
  value(
    'recheck in the spelling of php',
    { mno_session_recheck: '2099-08-01T15:30:20+0000' },
    ({ recheckAt }) => expect(recheckAt.toISOString()).toBe('2099-08-01T15:30:20.000Z'),
  ),
  odd(
    'unknown attributes, one with several values',
    {
      parts: {
        attributeStatement: statement(
          attributeXml('loyalty', 'gold') +
            attributeXml('teams', 'a', 'b') +
            attributeXml('app owner/é', 'x'),
        ),
      },
    },
    {
      holds: ({ profile }) =>
        expect(profile.user.attributes).toMatchObject({
          loyalty: 'gold',
          teams: '["a","b"]',
          'app owner/é': 'x',
        }),
    },
  ),
  odd(
    'attribute twice with one value',
    { parts: { attributeStatement: statement(attributeXml('group_role', 'Admin')) } },
    {
      holds: ({ profile }) => expect(profile.membership.role).toBe('Admin'),
    },
  ),
  odd(
    'two attribute statements',
    {
      parts: {
        attributeStatement:
          statement('') + `<AttributeStatement>${attributeXml('loyalty', 'gold')}</AttributeStatement>`,
      },
    },
    {
      holds: ({ profile }) =>
        expect(profile.user.attributes).toMatchObject({ email: 'jo@example.com', loyalty: 'gold' }),
    },
  ),
  odd(
    'the roles of Keycloak',
    {
      parts: {
        attributeStatement: statement(
          ['offline_access', 'manager', 'offline_access', 'uma_authorization']
            .map((role) => attributeXml('Role', role))
            .join('') +
            attributeXml('Group', '/staff') +
            attributeXml('Group', '/staff'),
        ),
      },
    },
    {
      holds: ({ profile }) =>
        expect(profile.user).toMatchObject({
          attributes: { Role: '["offline_access","manager","uma_authorization"]', Group: '/staff' },
          omittedAttributes: [],
        }),
    },
  ),
  odd(
    'a hundred roles with types',
    {
      parts: {
        attributeStatement: statement(
          `<Attribute Name="Role">${Array.from(
            { length: 100 },
            (_, index) =>
              `<AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">role-${index}</AttributeValue>`,
          ).join('')}</Attribute>`,
        ),
      },
    },
    {
      holds: ({ profile }) => expect(JSON.parse(profile.user.attributes['Role'] ?? '[]')).toHaveLength(100),
    },
  ),
  odd(
    'the targeted id of SimpleSAMLphp',
    {
      parts: {
        attributeStatement: statement(
          attributeXml(
            'urn:oid:1.3.6.1.4.1.5923.1.1.1.10',
            '<NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="https://idp">x</NameID>',
          ),
        ),
      },
    },
    {
      holds: ({ profile }) => {
        expect(profile.user.attributes).not.toHaveProperty('urn:oid:1.3.6.1.4.1.5923.1.1.1.10');
        expect(profile.user.omittedAttributes).toEqual(['urn:oid:1.3.6.1.4.1.5923.1.1.1.10']);
      },
    },
  ),
  odd(
    'list of which one value cannot be taken',
    { parts: { attributeStatement: statement(attributeXml('x', 'a') + attributeXml('x', '<b/>')) } },
    { holds: ({ profile }) => expect(profile.user.omittedAttributes).toEqual(['x']) },
  ),
  ...[
    ['a change of direction', '\u2066abc'],
    ['a delete character', '\u007f'],
    ['40 KB', 'x'.repeat(40_000)],
    [
      'a list of 600 companies',
      JSON.stringify(
        Array.from({ length: 600 }, (_, i) => ({
          name: `Company of somebody with a longer name, number ${i}`,
        })),
      ),
    ],
  ].map(([what, text = '']) =>
    odd(
      `${what} in an attribute nobody needs`,
      { attributes: { ...ATTRIBUTES, organizations: text } },
      {
        holds: ({ profile }) => {
          expect(profile.user.attributes).not.toHaveProperty('organizations');
          expect(profile.user.omittedAttributes).toEqual(['organizations']);
        },
      },
    ),
  ),
  ...[
    'name',
    'surname',
    'company_name',
    'group_name',
    'group_city',
    'country',
    'reseller_name',
    'reseller_country',
  ].flatMap((name) =>
    ['\n', '\u2028', '\u0085', '\u202e', '\u007f', ' \n\t '].map((character) =>
      odd(
        `${JSON.stringify(character)} in ${name}`,
        { attributes: { ...ATTRIBUTES, reseller_id: 'rsl-9', [name]: `Ac${character}me` } },
        { holds: ({ profile }) => expect(profile.user.attributes[name]).toBe('Ac me') },
      ),
    ),
  ),
  value('company of 40 KB', { company_name: 'é'.repeat(20_000) }, ({ profile }) =>
    expect(profile.user.companyName).toBe('é'.repeat(255)),
  ),
  value('company of 90 KB of blanks', { company_name: ' '.repeat(90_000) }, ({ profile }) =>
    expect(profile.user.companyName).toBeNull(),
  ),
  value(
    'role and currency as they are, blanks and all',
    { group_role: ' Admin', group_currency: 'AUD ' },
    ({ profile }) => {
      expect(profile.membership.role).toBe(' Admin');
      expect(profile.group.currency).toBe('AUD ');
    },
  ),
  odd(
    'attribute without a value',
    { parts: { attributeStatement: statement('<Attribute Name="company"/>') } },
    {
      holds: ({ profile }) => expect(profile.user.attributes['company']).toBe(''),
    },
  ),
  odd(
    'reseller login',
    { attributes: { ...ATTRIBUTES, reseller_id: 'rsl-9', reseller_name: 'Shop', reseller_country: 'AU' } },
    {
      holds: ({ profile }) =>
        expect(profile.user.reseller).toEqual({ id: 'rsl-9', name: 'Shop', country: 'AU' }),
    },
  ),
  odd(
    'virtual mode',
    {},
    {
      sso: () => ({ creationMode: 'virtual' }),
      holds: ({ profile }) => {
        expect(profile.user).toMatchObject({
          uid: 'usr-1.cld-1',
          email: 'usr-1.cld-1@mail.maestrano.com',
          realEmail: 'jo@example.com',
        });
        expect(profile.membership.userUid).toBe('usr-1.cld-1');
      },
    },
  ),
  odd(
    'no session token, with single logout off',
    { attributes: { ...ATTRIBUTES, mno_session: '' } },
    { sso: () => ({ sloEnabled: false }) },
  ),
  odd('consume path with a query', {}, { sso: () => ({ consumePath: '/consume?marketplace=lab' }) }),
  odd('signed in at the provider last week', ({ now }) => ({
    parts: {
      authnStatement: `<AuthnStatement AuthnInstant="${instant(now - 7 * 24 * 60 * MINUTE)}" SessionNotOnOrAfter="${instant(now + MINUTE)}"><AuthnContext/></AuthnStatement>`,
    },
  })),
];

describe('odd but valid responses', () => {
  beforeAll(() => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  });
  afterAll(() => void jest.restoreAllMocks());

  it.each(CASES.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const bench = new SamlBench({ marketplace: samlMarketplace(one.sso?.()), sso: one.options });
    await bench.beginAs(REQUEST_ID);
    const login = await bench.validate(
      one.respond(sceneOf(bench)),
      one.bound === undefined ? [REQUEST_ID] : one.bound,
    );
    expect(login.profile.user.realUid).toBe('usr-1');
    expect(login.profile.group.uid).toBe('cld-1');
    expect(login.profile.user.attributes).not.toHaveProperty('mno_session');
    one.holds?.(login);
  });
});
