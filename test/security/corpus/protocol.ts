import {
  bearerData,
  confirmationXml,
  instant,
  type ResponseSpec,
} from '../../support/saml/response-builder.js';
import {
  cut,
  type HostileCase,
  type HostileClass,
  REQUEST_ID,
  type Scene,
  signed,
  tampered,
} from './hostile-case.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const OTHER = 'https://other.example.com/maestrano/auth/saml/consume/lab';
const OTHER_PRESET = 'https://app.example.com/maestrano/auth/saml/consume/other';

const edit = (
  name: string,
  expected: HostileCase['expected'],
  from: string | RegExp,
  to: string,
): HostileCase => signed(name, expected, { beforeSigning: (xml) => xml.replace(from, to) });

const status: HostileCase[] = [
  ...['Responder', 'Requester', 'VersionMismatch', 'AuthnFailed', 'success', 'NoPassive'].map((code) =>
    edit(`status ${code} with an assertion`, 'sso.status', 'status:Success', `status:${code}`),
  ),
  tampered('status without an assertion', 'sso.status', (xml) =>
    xml.replace('status:Success', 'status:Responder').replace(cut(xml, '<Assertion', '</Assertion>'), ''),
  ),
  tampered('no status', 'sso.status', (xml) =>
    xml.replace(cut(xml, '<samlp:Status>', '</samlp:Status>'), ''),
  ),
  tampered('two statuses', 'sso.status', (xml) =>
    xml.replace('<samlp:Status>', `${cut(xml, '<samlp:Status>', '</samlp:Status>')}<samlp:Status>`),
  ),
  tampered('two status codes', 'sso.status', (xml) =>
    xml.replace('<samlp:StatusCode ', '<samlp:StatusCode Value="x"/><samlp:StatusCode '),
  ),
  tampered('status without a code', 'sso.status', (xml) => xml.replace(/<samlp:StatusCode [^>]*>/, '')),
  tampered('status message with line feeds', 'sso.status', (xml) =>
    xml.replace(
      /status:Success"\s*\/>/,
      'status:Responder"/><samlp:StatusMessage>x\n[Nest] ERROR forged line</samlp:StatusMessage>',
    ),
  ),
];

const shape: HostileCase[] = [
  tampered('version 1.1 of the response', 'sso.response', (xml) =>
    xml.replace('Version="2.0"', 'Version="1.1"'),
  ),
  tampered('no version of the response', 'sso.response', (xml) => xml.replace(' Version="2.0"', '')),
  tampered('response without an ID', 'sso.response', (xml) => xml.replace(/ ID="_response[^"]*"/, '')),
  edit('version 1.1 of the assertion', 'sso.assertion', /(<Assertion [^>]*)Version="2.0"/, '$1Version="1.1"'),
  edit('no version of the assertion', 'sso.assertion', /(<Assertion [^>]*) Version="2.0"/, '$1'),
  tampered('logout response', 'sso.response', (xml) =>
    xml.replaceAll('samlp:Response', 'samlp:LogoutResponse'),
  ),
  tampered('logout request (CVE-2023-40178)', 'sso.response', (xml) =>
    xml.replaceAll('samlp:Response', 'samlp:LogoutRequest'),
  ),
  tampered('authentication request', 'sso.response', (xml) =>
    xml.replaceAll('samlp:Response', 'samlp:AuthnRequest'),
  ),
  tampered('artifact response', 'sso.response', (xml) =>
    xml.replaceAll('samlp:Response', 'samlp:ArtifactResponse'),
  ),
  tampered('no assertion', 'sso.assertion', (xml) => xml.replace(cut(xml, '<Assertion', '</Assertion>'), '')),
];

const request: HostileCase[] = [
  tampered('begun by the provider', 'sso.requestMissing', (xml) =>
    xml.replace(/ InResponseTo="[^"]*" xmlns/, ' xmlns'),
  ),
  tampered('empty InResponseTo', 'sso.requestMissing', (xml) =>
    xml.replace(/ InResponseTo="[^"]*" xmlns/, ' InResponseTo="" xmlns'),
  ),
  tampered('InResponseTo with a store key in it', 'sso.requestMissing', (xml) =>
    xml.replace(/ InResponseTo="[^"]*" xmlns/, ' InResponseTo="_a:other:_b" xmlns'),
  ),
  tampered('InResponseTo with line feeds', 'sso.requestMissing', (xml) =>
    xml.replace(/ InResponseTo="[^"]*" xmlns/, ' InResponseTo="_a&#10;forged" xmlns'),
  ),
  signed(
    'response to a login that never began',
    'sso.requestUnknown',
    { requestId: '_never' },
    { options: { binding: 'off' } },
  ),
  signed('answer to the login of another browser', 'sso.requestNotBound', {}, { bound: ['_mine'] }),
  signed('empty binding cookie', 'sso.requestNotBound', {}, { bound: [] }),
  signed(
    'no binding cookie where one is required',
    'sso.requestNotBound',
    {},
    { bound: null, options: { binding: 'require' } },
  ),
  signed('assertion for another login', 'sso.inResponseTo', (scene) => ({
    parts: { confirmation: confirmation(scene, { InResponseTo: '_other' }) },
  })),
  signed('assertion without InResponseTo', 'sso.inResponseTo', (scene) => ({
    parts: { confirmation: confirmation(scene, { InResponseTo: null }) },
  })),
  signed('assertion with an empty InResponseTo', 'sso.inResponseTo', (scene) => ({
    parts: { confirmation: confirmation(scene, { InResponseTo: '' }) },
  })),
  tampered(
    'old assertion re-wrapped under a new request',
    'sso.inResponseTo',
    (xml) => xml.replace('InResponseTo="_stale" xmlns', `InResponseTo="${REQUEST_ID}" xmlns`),
    { spec: { requestId: '_stale' } },
  ),
];

function confirmation(scene: Scene, changes: Record<string, string | null>, method?: string): string {
  const data = Object.entries({ ...bearerData(scene.spec()), ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return confirmationXml(Object.fromEntries(data), method);
}

const confirmed = (
  name: string,
  expected: HostileCase['expected'],
  changes: (scene: Scene) => Record<string, string | null>,
  method?: string,
): HostileCase =>
  signed(name, expected, (scene) => ({
    parts: { confirmation: confirmation(scene, changes(scene), method) },
  }));

const delivery: HostileCase[] = [
  tampered('destination of another host', 'sso.destination', (xml) =>
    xml.replace(/Destination="[^"]*"/, `Destination="${OTHER}"`),
  ),
  tampered('destination of another marketplace', 'sso.destination', (xml) =>
    xml.replace(/Destination="[^"]*"/, `Destination="${OTHER_PRESET}"`),
  ),
  tampered('empty destination', 'sso.destination', (xml) =>
    xml.replace(/Destination="[^"]*"/, 'Destination=""'),
  ),
  tampered('destination with a trailing slash', 'sso.destination', (xml) =>
    xml.replace(/(Destination="[^"]*)"/, '$1/"'),
  ),
  // White space collapses around Audience and Issuer, and nowhere else.
  tampered('padded destination', 'sso.destination', (xml) => xml.replace(/(Destination="[^"]*)"/, '$1 "')),
  confirmed('padded recipient', 'sso.recipient', (scene) => ({
    Recipient: `${bearerData(scene.spec())['Recipient']} `,
  })),
  confirmed('padded InResponseTo of the confirmation', 'sso.inResponseTo', () => ({
    InResponseTo: ` ${REQUEST_ID}`,
  })),
  tampered('padded InResponseTo of the response', 'sso.requestMissing', (xml) =>
    xml.replace(` InResponseTo="${REQUEST_ID}" xmlns`, ` InResponseTo="${REQUEST_ID} " xmlns`),
  ),
  confirmed('recipient of another application', 'sso.recipient', () => ({ Recipient: OTHER })),
  confirmed('recipient of another marketplace', 'sso.recipient', () => ({ Recipient: OTHER_PRESET })),
  confirmed('recipient in another case', 'sso.recipient', () => ({
    Recipient: 'https://APP.example.com/maestrano/auth/saml/consume/lab',
  })),
  confirmed('recipient by prefix', 'sso.recipient', () => ({ Recipient: 'https://app.example.com/' })),
  confirmed('recipient with a query', 'sso.recipient', () => ({
    Recipient: 'https://app.example.com/maestrano/auth/saml/consume/lab?x',
  })),
  confirmed('recipient on plain http', 'sso.recipient', () => ({
    Recipient: 'http://app.example.com/maestrano/auth/saml/consume/lab',
  })),
  confirmed('no recipient', 'sso.recipient', () => ({ Recipient: null })),
  confirmed(
    'holder of key',
    'sso.subjectConfirmation',
    () => ({}),
    'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key',
  ),
  confirmed(
    'sender vouches',
    'sso.subjectConfirmation',
    () => ({}),
    'urn:oasis:names:tc:SAML:2.0:cm:sender-vouches',
  ),
  confirmed('unknown method', 'sso.subjectConfirmation', () => ({}), 'bearer'),
  signed('no confirmation', 'sso.subjectConfirmation', { parts: { confirmation: '' } }),
  signed('confirmation without data', 'sso.subjectConfirmation', {
    parts: { confirmation: '<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>' },
  }),
  signed('confirmation with two data', 'sso.subjectConfirmation', (scene) => ({
    parts: {
      confirmation: confirmation(scene, {}).replace(
        '<SubjectConfirmationData',
        '<SubjectConfirmationData/><SubjectConfirmationData',
      ),
    },
  })),
  signed('confirmation of a foreign namespace', 'sso.subjectConfirmation', (scene) => ({
    parts: {
      confirmation: confirmation(scene, {}).replace(
        '<SubjectConfirmation ',
        '<SubjectConfirmation xmlns="urn:x" ',
      ),
    },
  })),
  signed('two confirmations, the first for another login', 'sso.confirmationOrder', (scene) => ({
    parts: {
      confirmation: confirmation(scene, { InResponseTo: '_other' }) + confirmation(scene, {}),
    },
  })),
  signed(
    'two confirmations, the first without an end for another login',
    'sso.confirmationOrder',
    (scene) => ({
      parts: {
        confirmation:
          confirmation(scene, { InResponseTo: '_other', NotOnOrAfter: null }) + confirmation(scene, {}),
      },
    }),
  ),
  signed('two confirmations, each half right', 'sso.recipient', (scene) => ({
    parts: {
      confirmation:
        confirmation(scene, { Recipient: OTHER }) + confirmation(scene, { InResponseTo: '_other' }),
    },
  })),
  confirmed('confirmation over', 'sso.confirmationExpired', ({ now }) => ({
    NotOnOrAfter: instant(now - 2 * MINUTE),
  })),
  confirmed('confirmation without an end', 'sso.confirmationExpired', () => ({ NotOnOrAfter: null })),
  confirmed('confirmation with an odd end', 'sso.confirmationExpired', () => ({
    NotOnOrAfter: 'Jan 1 2099',
  })),
  confirmed('confirmation on a day that does not exist', 'sso.confirmationExpired', () => ({
    NotOnOrAfter: '2099-02-30T00:00:00Z',
  })),
  confirmed('confirmation not begun', 'sso.confirmationExpired', ({ now }) => ({
    NotBefore: instant(now + 2 * MINUTE),
  })),
  confirmed('confirmation with an odd beginning', 'sso.confirmationExpired', () => ({
    NotBefore: 'yesterday',
  })),
];

const conditions = (
  name: string,
  expected: HostileCase['expected'],
  make: (now: number) => string,
): HostileCase => signed(name, expected, (scene) => ({ parts: { conditions: make(scene.now) } }));
const AUDIENCE = '<AudienceRestriction><Audience>https://app.example.com/</Audience></AudienceRestriction>';
const window = (from: string, to: string, content = AUDIENCE) =>
  `<Conditions NotBefore="${from}" NotOnOrAfter="${to}">${content}</Conditions>`;
const current = (now: number, content: string) => window(instant(now), instant(now + MINUTE), content);

const times: HostileCase[] = [
  conditions('not yet valid', 'sso.notYetValid', (now) =>
    window(instant(now + 2 * MINUTE), instant(now + 9 * MINUTE)),
  ),
  conditions('expired', 'sso.expired', (now) => window(instant(now - 9 * MINUTE), instant(now - 2 * MINUTE))),
  conditions('expired long ago', 'sso.expired', (now) =>
    window(instant(now - 10 * DAY), instant(now - 9 * DAY)),
  ),
  conditions('expired in another zone', 'sso.expired', (now) =>
    window(instant(now - DAY), `${instant(now).slice(0, -1)}+09:00`),
  ),
  conditions('no conditions', 'sso.conditions', () => ''),
  conditions('two conditions', 'sso.conditions', (now) => current(now, AUDIENCE) + current(now, AUDIENCE)),
  conditions('conditions without times', 'sso.conditions', () => `<Conditions>${AUDIENCE}</Conditions>`),
  conditions(
    'conditions without an end',
    'sso.conditions',
    (now) => `<Conditions NotBefore="${instant(now)}">${AUDIENCE}</Conditions>`,
  ),
  conditions('end before the beginning', 'sso.conditions', (now) =>
    window(instant(now + 50 * SECOND), instant(now - 50 * SECOND)),
  ),
  conditions('date of a browser', 'sso.conditions', (now) => window(instant(now), 'Jan 1 2099')),
  conditions('date without a time', 'sso.conditions', (now) => window(instant(now), '2099-01-01')),
  conditions('date without a zone', 'sso.conditions', (now) => window(instant(now), '2099-01-01T00:00:00')),
  conditions('milliseconds since the epoch', 'sso.conditions', (now) =>
    window(instant(now), '4070908800000'),
  ),
  conditions('day that does not exist', 'sso.conditions', (now) =>
    window(instant(now), '2099-02-31T00:00:00Z'),
  ),
  conditions('hour 25', 'sso.conditions', (now) => window(instant(now), '2099-01-01T25:00:00Z')),
  conditions('year of five digits', 'sso.conditions', (now) => window(instant(now), '12099-01-01T00:00:00Z')),
  conditions('condition nobody understands', 'sso.conditions', (now) =>
    current(now, `${AUDIENCE}<Condition xmlns:x="urn:x" x:type="y"/>`),
  ),
  conditions('condition of a foreign namespace', 'sso.conditions', (now) =>
    current(now, `${AUDIENCE}<x:OneTimeUse xmlns:x="urn:x"/>`),
  ),
  signed('issued in the future', 'sso.issueInstant', (scene) => reissued(scene, scene.now + 5 * MINUTE)),
  signed('issued too long ago', 'sso.issueInstant', (scene) => reissued(scene, scene.now - 20 * MINUTE)),
  edit('no time of issue', 'sso.issueInstant', /(<Assertion [^>]*) IssueInstant="[^"]*"/, '$1'),
  edit('odd time of issue', 'sso.issueInstant', /(<Assertion [^>]*IssueInstant=")[^"]*/, '$1today'),
];

function reissued({ now }: Scene, at: number): Partial<ResponseSpec> {
  return {
    beforeSigning: (xml) =>
      xml.replace(
        `${'IssueInstant'}="${instant(now)}" Version="2.0"><Issuer>`,
        `IssueInstant="${instant(at)}" Version="2.0"><Issuer>`,
      ),
  };
}

const audiences: HostileCase[] = [
  ...[
    ['another application', 'https://other.example.com/'],
    ['origin without a slash', 'https://app.example.com'],
    ['origin as a prefix', 'https://app.example.com.evil.com/'],
    ['another scheme', 'http://app.example.com/'],
    ['another port', 'https://app.example.com:8443/'],
    ['another case', 'https://APP.example.com/'],
    ['another application id', 'app-2'],
    ['padded with what XML takes for no white space', '\u00a0https://app.example.com/\u2003'],
    ['empty', ''],
  ].map(([name, audience]) => signed(`audience: ${name}`, 'sso.audience', { audience })),
  conditions('no audience restriction', 'sso.audience', (now) => current(now, '')),
  conditions('empty audience restriction', 'sso.audience', (now) => current(now, '<AudienceRestriction/>')),
  conditions('two restrictions, one foreign', 'sso.audience', (now) =>
    current(
      now,
      `${AUDIENCE}<AudienceRestriction><Audience>https://other.example.com/</Audience></AudienceRestriction>`,
    ),
  ),
  signed(
    'usual audience where a list replaces it',
    'sso.audience',
    {},
    { options: { audience: ['urn:ours'] } },
  ),
  signed(
    'listed audience of another marketplace only',
    'sso.audience',
    { audience: 'urn:theirs' },
    { options: { perMarketplace: { other: { audience: ['urn:theirs'] } } } },
  ),
];

const issuers: HostileCase[] = [
  ...[
    ['another host', 'https://evil.example.com/api/v1/auth/saml'],
    ['another path', 'https://hub.example.com/api/v1/auth/saml2'],
    ['a prefix', 'https://hub.example.com/api/v1/auth/saml.evil.com'],
    ['user info', 'https://hub.example.com@evil.com/api/v1/auth/saml'],
    ['another scheme', 'http://hub.example.com/api/v1/auth/saml'],
    ['not a URL', 'hub'],
    ['padded with what XML takes for no white space', '\u00a0https://hub.example.com/api/v1/auth/saml\u2003'],
    ['empty', ''],
  ].map(([name, issuer]) => signed(`issuer: ${name}`, 'sso.issuer', { issuer })),
  signed('no issuer of the assertion', 'sso.issuer', { parts: { issuer: '' }, sign: 'assertion' }),
  edit(
    'two issuers',
    'sso.issuer',
    /(<Issuer>[^<]*<\/Issuer>)/,
    '$1<Issuer>https://evil.example.com</Issuer>',
  ),
  edit('issuer with markup', 'sso.issuer', /<Issuer>([^<]*)<\/Issuer>/, '<Issuer>$1<b/></Issuer>'),
  tampered('another issuer of the response', 'sso.issuer', (xml) =>
    xml.replace(/(<Issuer xmlns[^>]*>)[^<]*/, '$1https://evil.example.com'),
  ),
  signed('usual issuer where a list replaces it', 'sso.issuer', {}, { options: { issuer: ['urn:idp'] } }),
];

const subject = (name: string, make: (scene: Scene) => string): HostileCase =>
  signed(name, 'sso.nameId', (scene) => ({ parts: { subject: make(scene) } }));
const nameIds: HostileCase[] = [
  subject('no subject', () => ''),
  subject('no NameID', (scene) => `<Subject>${confirmation(scene, {})}</Subject>`),
  subject('empty NameID', (scene) => `<Subject><NameID/>${confirmation(scene, {})}</Subject>`),
  subject('NameID of blanks', (scene) => `<Subject><NameID>  </NameID>${confirmation(scene, {})}</Subject>`),
  subject(
    'padded NameID',
    (scene) => `<Subject><NameID> usr-1 </NameID>${confirmation(scene, {})}</Subject>`,
  ),
  subject(
    'NameID ending in a line feed',
    (scene) => `<Subject><NameID>usr-1\n</NameID>${confirmation(scene, {})}</Subject>`,
  ),
  subject(
    'two NameIDs',
    (scene) =>
      `<Subject><NameID>usr-1</NameID><NameID>usr-admin</NameID>${confirmation(scene, {})}</Subject>`,
  ),
  subject(
    'NameID with markup',
    (scene) => `<Subject><NameID>usr-1<b>admin</b></NameID>${confirmation(scene, {})}</Subject>`,
  ),
  subject(
    'NameID of a foreign namespace',
    (scene) => `<Subject><NameID xmlns="urn:x">usr-1</NameID>${confirmation(scene, {})}</Subject>`,
  ),
  subject(
    'BaseID beside NameID',
    (scene) => `<Subject><BaseID/><NameID>usr-1</NameID>${confirmation(scene, {})}</Subject>`,
  ),
  subject(
    'NameID of 300 characters',
    (scene) => `<Subject><NameID>${'u'.repeat(300)}</NameID>${confirmation(scene, {})}</Subject>`,
  ),
  subject(
    'two subjects',
    (scene) =>
      `<Subject><NameID>usr-1</NameID>${confirmation(scene, {})}</Subject><Subject><NameID>usr-1</NameID></Subject>`,
  ),
  signed('encrypted NameID', 'sso.encrypted', (scene) => ({
    parts: { subject: `<Subject><EncryptedID/>${confirmation(scene, {})}</Subject>` },
  })),
  signed('no subject, but an attribute called nameID', 'sso.nameId', (scene) => ({
    parts: { subject: '' },
    attributes: { ...scene.spec().attributes, nameID: 'usr-1' },
  })),
];

const authn = (name: string, make: (now: number) => string): HostileCase =>
  signed(name, 'sso.authnStatement', (scene) => ({ parts: { authnStatement: make(scene.now) } }));
const authentication: HostileCase[] = [
  authn('no authentication statement', () => ''),
  authn('signed in 30 days ago', (now) => `<AuthnStatement AuthnInstant="${instant(now - 30 * DAY)}"/>`),
  authn('signed in tomorrow', (now) => `<AuthnStatement AuthnInstant="${instant(now + DAY)}"/>`),
  authn('no time of signing in', () => '<AuthnStatement/>'),
  authn('odd time of signing in', () => '<AuthnStatement AuthnInstant="now"/>'),
  authn(
    'session of the provider over',
    (now) =>
      `<AuthnStatement AuthnInstant="${instant(now)}" SessionNotOnOrAfter="${instant(now - 2 * MINUTE)}"/>`,
  ),
  authn(
    'session with an odd end',
    (now) => `<AuthnStatement AuthnInstant="${instant(now)}" SessionNotOnOrAfter="never"/>`,
  ),
  authn(
    'second statement of last month',
    (now) =>
      `<AuthnStatement AuthnInstant="${instant(now)}"/><AuthnStatement AuthnInstant="${instant(now - 31 * DAY)}"/>`,
  ),
];

export const protocol: HostileClass = {
  name: 'protocol semantics',
  cases: [
    ...status,
    ...shape,
    ...request,
    ...delivery,
    ...times,
    ...audiences,
    ...issuers,
    ...nameIds,
    ...authentication,
  ],
};
