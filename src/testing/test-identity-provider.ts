import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';

import type { MarketplaceInput } from '../interfaces/marketplace-input.interface.js';
import { readAuthnRequest } from '../sandbox/idp/authn-request.js';
import {
  assertionXml,
  formField,
  type ResponseFields,
  responseXml,
  SAML,
} from '../sandbox/idp/response-document.js';
import { signElement } from '../sandbox/idp/sign-element.js';
import { selfSignedCertificate } from '../sandbox/keys/self-signed-certificate.js';
import { testMarketplace } from './test-marketplace.js';

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;

/** Who signs in: what the assertion's attributes say (protocol §4.6). Everything has a default. */
export interface TestPerson {
  /** `usr-1` by default. */
  readonly userUid?: string;
  /** `cld-1` by default. */
  readonly groupUid?: string;
  /** `Admin` by default. */
  readonly role?: string;
  /** Further attributes, or others than the defaults, by their name in the assertion. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What a response is to say other than a good one would, such as `{ audience: 'https://elsewhere.example' }`. */
export type TestResponseChanges = Partial<Omit<ResponseFields, 'attributes'>>;

/** One key for the whole process: making it costs some hundred milliseconds. */
let sharedKey: KeyObject | null = null;

/**
 * Signs assertions with a throw-away key, for tests of your own adapters and pages: no socket, no sandbox.
 *
 * ```ts
 * const init = await request(server).get('/maestrano/auth/saml/init/test');
 * const form = { SAMLResponse: identityProvider.respond(init.headers.location) };
 * await request(server).post('/maestrano/auth/saml/consume/test').type('form').send(form);
 * ```
 */
export class TestIdentityProvider {
  /** PEM. */
  readonly certificate: string;
  readonly #privateKey: string;

  constructor() {
    sharedKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    this.#privateKey = sharedKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    this.certificate = selfSignedCertificate(sharedKey, {
      commonName: 'test identity provider',
      serial: 1,
      notBefore: new Date(Date.now() - YEAR_MS),
      notAfter: new Date(Date.now() + YEAR_MS),
    });
  }

  /** A marketplace that trusts this provider; see {@link testMarketplace}. */
  marketplace(name?: string, changes?: Partial<MarketplaceInput>): MarketplaceInput {
    return testMarketplace(name, { ...changes, sso: { x509Certificate: this.certificate, ...changes?.sso } });
  }

  /**
   * The `SAMLResponse` form field in response to a login redirect (protocol §4.5).
   *
   * @param redirect the `Location` that the init endpoint responded with.
   * @throws TypeError when the URL holds no AuthnRequest.
   */
  respond(redirect: string, person: TestPerson = {}, changes: TestResponseChanges = {}): string {
    const url = new URL(redirect);
    const request = readAuthnRequest(url.searchParams.get('SAMLRequest'));
    if (!request?.acsUrl)
      throw new TypeError('The redirect holds no AuthnRequest: is it what the init endpoint responded with?');
    const consumeUrl = request.acsUrl.replaceAll('&amp;', '&');
    const now = Date.now();
    const fields: ResponseFields = {
      responseId: `_${randomUUID()}`,
      assertionId: `_${randomUUID()}`,
      issueInstant: iso(now),
      destination: consumeUrl,
      inResponseTo: request.id,
      issuer: url.origin + url.pathname,
      status: SAML.success,
      nameId: person.userUid ?? 'usr-1',
      recipient: consumeUrl,
      subjectNotOnOrAfter: iso(now + 3 * MINUTE_MS),
      notBefore: iso(now - 5_000),
      notOnOrAfter: iso(now + 60 * MINUTE_MS),
      audience: `${new URL(consumeUrl).origin}/`,
      ...changes,
      attributes: attributesOf(person, now),
    };
    const key = { privateKey: this.#privateKey, certificate: this.certificate, fingerprint: '' };
    return formField(signElement(responseXml(fields, assertionXml(fields)), 'Assertion', key, 'sha256'));
  }
}

function attributesOf(
  { userUid = 'usr-1', groupUid = 'cld-1', role = 'Admin', attributes }: TestPerson,
  now: number,
) {
  return Object.entries({
    mno_uid: userUid,
    mno_session: randomUUID(),
    mno_session_recheck: iso(now + 3 * MINUTE_MS),
    group_uid: groupUid,
    group_name: 'Test company',
    group_email: 'company@example.com',
    group_role: role,
    group_end_free_trial: iso(now + YEAR_MS),
    group_has_credit_card: 'true',
    group_currency: 'USD',
    group_timezone: 'Etc/UTC',
    group_country: 'US',
    group_city: 'Springfield',
    uid: userUid,
    virtual_uid: `${userUid}.${groupUid}`,
    email: 'person@example.com',
    virtual_email: `${userUid}.${groupUid}@mail.example.com`,
    name: 'Terry',
    surname: 'Test',
    country: 'US',
    company_name: 'Test company',
    ...attributes,
  });
}

/** Without milliseconds, as the platform writes it. */
function iso(moment: number): string {
  return new Date(moment).toISOString().replace(/\.\d+Z$/, 'Z');
}
