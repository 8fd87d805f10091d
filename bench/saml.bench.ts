import { Logger } from '@nestjs/common';
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml';

import { assertionXml, formField, responseXml, SAML as NAMES } from '../src/sandbox/idp/response-document.js';
import { signElement } from '../src/sandbox/idp/sign-element.js';
import { keyPair } from '../src/sandbox/keys/key-pairs.js';
import type { SandboxKeyPair } from '../src/sandbox/state/records.js';
import type { Marketplace } from '../src/interfaces/marketplace.interface.js';
import { LoginTransactionService } from '../src/sso/login/login-transaction.service.js';
import { LoginService, SsoProtocols, type VerifiedLogin } from '../src/sso/login/login.service.js';
import { SamlProtocol } from '../src/sso/saml/saml.protocol.js';
import { LoginSubjects } from '../src/sso/trace/login-subjects.service.js';
import { LoginTraceService } from '../src/sso/trace/login-trace.service.js';
import { MemoryStore } from '../src/stores/memory-store.js';
import { storeKey } from '../src/stores/store-key.js';
import { resolveSettings } from '../src/settings/maestrano-settings.js';
import { defineBench, type ProbeBench, type ProbeValue } from './harness.js';

const SETTINGS = resolveSettings({}, { environment: {} });
const ACS = 'https://app.example.com/maestrano/auth/saml/consume/lab';
const LIFETIME = 3_600_000;
/** Logins that are prepared: enough that none is under way twice. */
const LOGINS = 64;

const at = (milliseconds: number): string => new Date(milliseconds).toISOString();

const ATTRIBUTES: readonly (readonly [string, string])[] = [
  ['mno_uid', 'usr-1'],
  ['mno_session', 'tok36charactersabcdefghijklmnopqrstu'],
  ['mno_session_recheck', at(Date.now() + 180_000)],
  ['group_uid', 'cld-1'],
  ['group_name', 'Kovač & Daughters'],
  ['group_end_free_trial', at(Date.now())],
  ['group_role', 'Admin'],
  ['group_has_credit_card', 'false'],
  ['group_email', 'cld-1@example.com'],
  ['group_currency', 'AUD'],
  ['group_timezone', 'Australia/Sydney'],
  ['group_country', 'AU'],
  ['group_city', 'Sydney'],
  ['uid', 'usr-1'],
  ['virtual_uid', 'usr-1.cld-1'],
  ['email', 'jo@example.com'],
  ['virtual_email', 'usr-1.cld-1@mail.maestrano.com'],
  ['name', 'Jo'],
  ['surname', 'Doe'],
  ['country', 'NZ'],
  ['company_name', ''],
  ['app_owner', 'true'],
  ['organizations', '{}'],
];

interface Login {
  readonly requestId: string;
  readonly assertionId: string;
  readonly xml: string;
  /** The form field. */
  readonly response: string;
}

interface Scene {
  readonly logins: readonly Login[];
  readonly pem: string;
  readonly marketplace: Marketplace;
}

function loginOf(key: SandboxKeyPair, number: number): Login {
  const now = Date.now();
  const digits = String(number).padStart(12, '0');
  const [requestId, assertionId] = [`_3f9d0c52-0000-4000-8000-${digits}`, `_assertion${digits}`];
  const fields = {
    responseId: `_response${digits}`,
    assertionId,
    issueInstant: at(now),
    destination: ACS,
    inResponseTo: requestId,
    // As long as the real provider's, which holds the request it answers.
    issuer: `https://hub.example.com/api/v1/auth/saml?SAMLRequest=${'nZJRS8MwEMe'.repeat(52)}`,
    status: NAMES.success,
    nameId: 'usr-1',
    recipient: ACS,
    subjectNotOnOrAfter: at(now + LIFETIME),
    notBefore: at(now - 5000),
    notOnOrAfter: at(now + LIFETIME),
    audience: 'https://app.example.com/',
    attributes: ATTRIBUTES,
  };
  const xml = signElement(responseXml(fields, assertionXml(fields)), 'Assertion', key, 'sha256');
  return { requestId, assertionId, xml, response: formField(xml) };
}

async function scene(): Promise<Scene> {
  const key = await keyPair(1, { commonName: 'bench' });
  const logins = Array.from({ length: LOGINS }, (_, number) => loginOf(key, number));
  const sso = {
    enabled: true,
    sloEnabled: true,
    protocol: 'saml',
    creationMode: 'real',
    idm: 'https://app.example.com',
    initPath: '/init',
    consumePath: new URL(ACS).pathname,
    idp: 'https://hub.example.com',
    nameIdFormat: NAMES.persistent,
    certificates: [
      {
        pem: key.certificate,
        sha1: '',
        sha256: '',
        subject: '',
        notBefore: new Date(),
        notAfter: new Date(),
        bits: 2048,
      },
    ],
    fingerprints: [],
  };
  // What verification reads of a snapshot.
  const marketplace = { name: 'lab', api: { id: 'app-1', base: '/api/v1/' }, sso } as unknown as Marketplace;
  return { logins, pem: key.certificate, marketplace };
}

/** Logins as the consume endpoint verifies them; the same ones again and again, so their records are put back. */
function verify({ marketplace, logins }: Scene): () => Promise<VerifiedLogin> {
  const store = new MemoryStore();
  const transactions = new LoginTransactionService(store, SETTINGS.sso);
  const protocols = new SsoProtocols(new Map([['saml', new SamlProtocol()]]));
  const traces = new LoginTraceService(store);
  const subjects = new LoginSubjects(SETTINGS.session);
  const login = new LoginService(protocols, transactions, traces, subjects, SETTINGS.sso);
  const startedAt = Date.now();
  let turn = 0;
  return async () => {
    const { requestId: id, assertionId, response } = logins[(turn += 1) % logins.length]!;
    await transactions.save({ id, marketplace: 'lab', returnTo: null, params: {}, startedAt });
    await store.delete(storeKey('sso-replay', 'lab', assertionId));
    const body = { SAMLResponse: response };
    const brought = { method: 'POST', query: new URLSearchParams(), body, boundRequestIds: [id] };
    return login.verify(marketplace, brought);
  };
}

/** node-saml alone with the recommended options, a fresh instance each time as multi-tenant use needs. */
function bare({ logins, pem }: Scene): () => Promise<unknown> {
  const known = { value: at(Date.now()) };
  const cacheProvider = {
    saveAsync: () => Promise.resolve(null),
    getAsync: () => Promise.resolve(known.value),
    removeAsync: () => Promise.resolve(null),
  };
  let turn = 0;
  return () =>
    new SAML({
      callbackUrl: ACS,
      entryPoint: 'https://hub.example.com/api/v1/auth/saml',
      issuer: 'app-1',
      audience: 'https://app.example.com/',
      idpCert: pem,
      wantAssertionsSigned: true,
      wantAuthnResponseSigned: false,
      validateInResponseTo: ValidateInResponseTo.always,
      cacheProvider,
      acceptedClockSkewMs: 60_000,
      maxAssertionAgeMs: 900_000,
    }).validatePostResponseAsync({ SAMLResponse: logins[(turn += 1) % logins.length]!.response });
}

/** The costliest shapes that the limits let through to node-saml, by what they add to a valid response. */
const WORST: Readonly<Record<string, (xml: string) => string>> = {
  elements: (xml) => xml.replace('<AttributeStatement>', `<AttributeStatement>${'<a/>'.repeat(210)}`),
  attributes: (xml) =>
    xml.replace('<AttributeStatement>', `<AttributeStatement>${`<a ${many(22)}/>`.repeat(22)}`),
  text: (xml) => xml.replace('>Admin<', `>${'x'.repeat(80_000)}<`),
  references: (xml) => xml.replace('>Admin<', `>${'&#65;'.repeat(1_900)}<`),
  blanks: (xml) => xml.replace('<AttributeStatement>', `<AttributeStatement><a${' '.repeat(80_000)}/>`),
};
const many = (count: number): string => Array.from({ length: count }, (_, index) => `b${index}=""`).join(' ');

/** CPU milliseconds of one call, the median of some. */
async function cost(operation: () => Promise<unknown>, runs: number): Promise<number> {
  const costs: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const before = process.cpuUsage();
    await operation().catch(() => undefined);
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1000);
  }
  return costs.sort((one, other) => one - other)[Math.floor(runs / 2)] ?? 0;
}

const hostile: ProbeBench = {
  name: 'SAML responses within the limits whose signature does not hold, CPU beyond a valid one',
  probe: async ({ short }) => {
    const set = await scene();
    Logger.overrideLogger(false);
    const runs = short ? 1 : 15;
    await cost(verify(set), short ? 1 : 40);
    const valid = await cost(verify(set), runs);
    const values: Record<string, ProbeValue> = {};
    for (const [name, spoil] of Object.entries(WORST)) {
      const logins = set.logins.map((login) => ({ ...login, response: formField(spoil(login.xml)) }));
      const value = (await cost(verify({ ...set, logins }), runs)) - valid;
      values[name] = { value, unit: 'ms', goal: { atMost: 50 } };
    }
    return values;
  },
};

export default defineBench(hostile, {
  name: 'SAML login with every check, against bare node-saml',
  setup: async ({ short }) => {
    const set = await scene();
    const [alone, ours] = [bare(set), verify(set)];
    // A server runs for days: both are compiled before they are compared.
    for (let done = 0; done < (short ? 1 : 300); done += 1) for (const run of [alone, ours]) await run();
    return {
      baseline: alone,
      candidates: {
        'all checks, trace, transaction and replay guard': {
          run: ours,
          goal: { atMost: 1.1 },
        },
      },
      slotMs: 120,
    };
  },
});
