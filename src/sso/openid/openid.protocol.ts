import { Injectable } from '@nestjs/common';

import { OpenIdDiscoveryError } from '../../errors/openid.error.js';
import { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { initUrl } from '../../marketplace/marketplace-urls.js';
import { withQuery } from '../../utils/with-query.js';
import { type CheckList, mask } from '../login/check-list.js';
import type { ReceivedAttribute } from '../login/login-attributes.js';
import { checkGroup, checkSessionToken, PLATFORM_ID } from '../login/login-profile.js';
import type { LoginTransaction } from '../login/login-transaction.service.js';
import {
  type LoginAttempt,
  SsoProtocol,
  type SsoResponse,
  type VerifiedResponse,
} from '../login/sso-protocol.js';
import {
  attributeRequest,
  FIELD_PREFIX,
  isOpenIdResponse,
  OPENID_NS,
  type OpenIdMessage,
  readOpenIdAttributes,
  readOpenIdMessage,
  sortOpenIdAttributes,
} from './openid-message.js';
import { OpenIdProviderClient } from './openid-provider-client.js';

/** Lets the person choose the account at the provider. */
const IDENTIFIER_SELECT = 'http://specs.openid.net/auth/2.0/identifier_select';
/** Query parameter of the return URL that names the login. */
const LOGIN_PARAMETER = 'maestrano_login';

/** What a response must be signed over for anything in it to be believed. */
const SIGNED = [
  'op_endpoint',
  'claimed_id',
  'identity',
  'return_to',
  'response_nonce',
  'assoc_handle',
] as const;
const NONCE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)[!-~]{0,235}$/;

/**
 * OpenID 2.0: the alternative that a marketplace may be configured for (protocol §5). The browser goes to the endpoint
 * that discovery finds, and comes back to the **init** path, because the provider rejects any other path than the one
 * it knows; the response is verified by asking the provider itself.
 */
@Injectable()
export class OpenIdProtocol extends SsoProtocol {
  readonly #provider: OpenIdProviderClient;

  constructor(http: MaestranoHttp) {
    super();
    this.#provider = new OpenIdProviderClient(http);
  }

  /** @throws OpenIdDiscoveryError when the marketplace's provider cannot be found. */
  override async loginUrl(marketplace: Marketplace, { id, params }: LoginTransaction): Promise<string> {
    const url = new URL(await this.#provider.endpoint(marketplace));
    const passed = Object.entries(params).filter(([name]) => !name.toLowerCase().startsWith(FIELD_PREFIX));
    const request = {
      ...Object.fromEntries(passed),
      'openid.ns': OPENID_NS,
      'openid.mode': 'checkid_setup',
      'openid.claimed_id': IDENTIFIER_SELECT,
      'openid.identity': IDENTIFIER_SELECT,
      'openid.return_to': returnUrl(marketplace, id),
      'openid.realm': `${marketplace.sso.idm}/`,
      ...attributeRequest(),
    };
    for (const [name, value] of Object.entries(request)) url.searchParams.set(name, value);
    return url.href;
  }

  /** The provider returns with GET, or with POST when its response is too long for a URL. */
  override isResponse(request: Omit<SsoResponse, 'boundRequestIds'>): boolean {
    return isOpenIdResponse(request);
  }

  /**
   * What the message itself can show first, then the provider's own word, so that garbage cannot make us call anybody.
   */
  override async verify(attempt: LoginAttempt): Promise<VerifiedResponse> {
    const { marketplace, checks } = attempt;
    attempt.requestId = attempt.response.query.get(LOGIN_PARAMETER);
    const message = readOpenIdMessage(attempt.response, checks);
    const transaction = await attempt.findTransaction(attempt.requestId);
    checkMode(message, checks);
    const expected = returnUrl(marketplace, transaction.id);
    const returnTo = message.get('return_to') ?? 'none';
    checks.require('openid.returnTo', returnTo === expected, expected, returnTo);
    const endpoint = await this.#discover(marketplace, checks);
    const named = message.get('op_endpoint') ?? 'none';
    checks.require('openid.endpoint', named === endpoint, endpoint, named);
    const uid = checkClaimedId(message, endpoint, checks);
    const signed = checkSignedFields(message, checks);
    const validUntil = checkNonce(message, attempt);
    const received = readOpenIdAttributes(message, signed, checks);
    checkIdentity(received, uid, marketplace, checks);

    const word = await this.#provider.verify(marketplace, endpoint, message);
    checks.require('openid.verification', word === 'confirmed', 'confirmed', word);
    const attributes = sortOpenIdAttributes(received, checks);
    const onceId = `openid:${endpoint}:${message.get('response_nonce') ?? ''}`;
    return { transaction, attributes, onceId, validUntil, sessionEndsAt: null };
  }

  async #discover(marketplace: Marketplace, checks: CheckList): Promise<string> {
    try {
      const endpoint = await this.#provider.endpoint(marketplace);
      checks.expect('openid.discovery', true, 'an endpoint', endpoint);
      return endpoint;
    } catch (error) {
      if (!(error instanceof OpenIdDiscoveryError)) throw error;
      checks.require('openid.discovery', false, 'an endpoint', error.seen);
      throw error;
    }
  }
}

/** Where the provider sends the browser back to: the init URL, with the login in its query. */
function returnUrl(marketplace: Marketplace, requestId: string): string {
  return withQuery(initUrl(marketplace), { [LOGIN_PARAMETER]: requestId });
}

function checkMode(message: OpenIdMessage, checks: CheckList): void {
  const namespace = message.get('ns') ?? 'none';
  checks.require('openid.input', namespace === OPENID_NS, OPENID_NS, namespace);
  const mode = message.get('mode') ?? 'none';
  const seen = mode === 'error' ? `error: ${message.get('error') ?? ''}` : mode;
  checks.require('openid.cancelled', mode === 'id_res', 'id_res', seen);
}

/** The uid at the end of the identifier, which must be one that this very endpoint gives out. */
function checkClaimedId(message: OpenIdMessage, endpoint: string, checks: CheckList): string {
  const claimed = message.get('claimed_id') ?? '';
  const base = `${endpoint}/users/`;
  const uid = claimed.startsWith(base) ? claimed.slice(base.length) : '';
  const good = PLATFORM_ID.test(uid) && message.get('identity') === claimed;
  const seen = good ? 'as expected' : 'another one';
  checks.require('openid.claimedId', good, `${base}…, as claimed_id and identity`, seen);
  return uid;
}

function checkSignedFields(message: OpenIdMessage, checks: CheckList): ReadonlySet<string> {
  const signed = new Set((message.get('signed') ?? '').split(','));
  const missing = SIGNED.filter((field) => !signed.has(field) || !message.get(field));
  const complete = missing.length === 0 && (message.get('sig') ?? '') !== '';
  const seen = complete ? 'as expected' : `without ${missing.join() || 'sig'}`;
  checks.require('openid.signedFields', complete, `a signature over ${SIGNED.join()}`, seen);
  return signed;
}

/** The time in the nonce; until when the nonce has to be remembered, in milliseconds since the epoch. */
function checkNonce(message: OpenIdMessage, { policy, checks, now }: LoginAttempt): number {
  const { maxAssertionAgeMs, acceptedClockSkewMs } = policy;
  const time = Date.parse(NONCE.exec(message.get('response_nonce') ?? '')?.[1] ?? '');
  const age = now - time;
  const recent = age <= maxAssertionAgeMs + acceptedClockSkewMs && age >= -acceptedClockSkewMs;
  const seen = Number.isNaN(time) ? 'no readable time' : `${Math.round(age / 1000)} s old`;
  checks.require('openid.nonce', recent, `at most ${maxAssertionAgeMs / 1000} s old`, seen);
  return time + maxAssertionAgeMs + 2 * acceptedClockSkewMs;
}

/** Who logs in, with which company, and through which session of the marketplace; the identifier must agree. */
function checkIdentity(
  received: readonly ReceivedAttribute[],
  claimedUid: string,
  { sso }: Marketplace,
  checks: CheckList,
): void {
  // The first of each name: a second one that differs is rejected once the provider has confirmed the response.
  const attributes = new Map(received.toReversed().map(({ name, values }) => [name, values[0]?.text ?? '']));
  const uid = attributes.get('uid') ?? '';
  checkGroup(attributes, checks);
  checks.expect('openid.userMismatch', uid === claimedUid, mask(claimedUid), mask(uid));
  checkSessionToken(attributes, sso, checks);
  checks.throwIfFailed();
}
