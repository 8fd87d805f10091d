import { Injectable } from '@nestjs/common';

import { OpenIdDiscoveryError } from '../../errors/openid.error.js';
import { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { initUrl } from '../../marketplace/marketplace-urls.js';
import { MaestranoStore } from '../../stores/maestrano-store.js';
import { withQuery } from '../../utils/with-query.js';
import { type CheckList, mask } from '../login/check-list.js';
import type { ReceivedAttribute } from '../login/login-attributes.js';
import { checkGroup, checkSessionToken, PLATFORM_ID } from '../login/login-profile.js';
import type { LoginTransaction } from '../login/login-transaction.service.js';
import {
  type LoginAttempt,
  type LoginRequest,
  SsoProtocol,
  type SsoResponse,
  type VerifiedResponse,
} from '../login/sso-protocol.js';
import { type Association, hasSigned, readAssociation, writeAssociation } from './association.js';
import { DirectVerification } from './direct-verification.js';
import {
  FIELD_PREFIX,
  isOpenIdResponse,
  OPENID_NS,
  type OpenIdMessage,
  readOpenIdAttributes,
  readOpenIdMessage,
  signedFields,
  sortOpenIdAttributes,
} from './openid-message.js';
import { OpenIdProviderClient } from './openid-provider-client.js';

/** Lets the person choose the account at the provider. */
const IDENTIFIER_SELECT = 'http://specs.openid.net/auth/2.0/identifier_select';
/** Query parameter of the return URL that names the login. */
const LOGIN_PARAMETER = 'maestrano_login';

const NONCE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)[!-~]{0,235}$/;

/**
 * OpenID 2.0: the alternative that a marketplace may be configured for (protocol §5). The browser goes to the endpoint
 * that discovery finds, and comes back to the **init** path, because the provider rejects any other path than the one
 * it knows; the response is verified by the key that was agreed upon when the login began, or by asking the provider.
 */
@Injectable()
export class OpenIdProtocol extends SsoProtocol {
  readonly #provider: OpenIdProviderClient;
  readonly #direct: DirectVerification;

  constructor(http: MaestranoHttp, store: MaestranoStore) {
    super();
    this.#provider = new OpenIdProviderClient(http);
    this.#direct = new DirectVerification(this.#provider, store);
  }

  /** @throws OpenIdDiscoveryError when the marketplace's provider cannot be found. */
  override async loginRequest(
    marketplace: Marketplace,
    { id, params }: LoginTransaction,
  ): Promise<LoginRequest> {
    const endpoint = await this.#provider.endpoint(marketplace);
    const association = await this.#provider.association(marketplace, endpoint);
    const url = new URL(endpoint);
    const passed = Object.entries(params).filter(([name]) => !name.toLowerCase().startsWith(FIELD_PREFIX));
    const request = {
      ...Object.fromEntries(passed),
      'openid.ns': OPENID_NS,
      'openid.mode': 'checkid_setup',
      'openid.claimed_id': IDENTIFIER_SELECT,
      'openid.identity': IDENTIFIER_SELECT,
      'openid.return_to': returnUrl(marketplace, id),
      'openid.realm': `${marketplace.sso.idm}/`,
      ...(association && { 'openid.assoc_handle': association.handle }),
    };
    for (const [name, value] of Object.entries(request)) url.searchParams.set(name, value);
    return { url: url.href, ...(association && { state: writeAssociation(association) }) };
  }

  /** The provider returns with GET, or with POST when its response is too long for a URL. */
  override isResponse(request: Omit<SsoResponse, 'boundRequestIds'>): boolean {
    return isOpenIdResponse(request);
  }

  /**
   * First what the message itself can show, though whoever begins a login can make that look right; then the signature. A
   * response signed with the key of this login needs no call. For every other one the provider is asked, and how often
   * is bounded for each login.
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
    const signed = signedFields(message, checks);
    const validUntil = checkNonce(message, attempt);
    const received = readOpenIdAttributes(message, signed, checks);
    checkIdentity(received, uid, marketplace, checks);

    const association = readAssociation(transaction.protocolState);
    if (association && isMadeWith(association, message, attempt)) {
      const good = hasSigned(association, message, signed);
      const seen = good ? 'as expected' : 'another one';
      checks.require('openid.signature', good, 'the signature by the key of this login', seen);
    } else {
      await this.#askProvider(attempt, transaction, endpoint, message);
    }
    const attributes = sortOpenIdAttributes(received, checks);
    attempt.attributes = attributes;
    const onceId = `openid:${endpoint}:${message.get('response_nonce') ?? ''}`;
    return { transaction, attributes, onceId, validUntil, sessionEndsAt: null };
  }

  async #askProvider(
    attempt: LoginAttempt,
    transaction: LoginTransaction,
    endpoint: string,
    message: OpenIdMessage,
  ): Promise<void> {
    const { checks } = attempt;
    const { word, seen } = await this.#direct.ask(attempt, transaction, endpoint, message);
    checks.require('openid.exhausted', word !== 'exhausted', 'few questions to the provider', seen);
    checks.require('openid.unavailable', word !== 'unanswered', 'a response', seen);
    checks.require('openid.verification', word === 'confirmed', 'confirmed', seen);
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

/** Whether the response names the key of this login, while it counts. */
function isMadeWith(
  { handle, expiresAt }: Association,
  message: OpenIdMessage,
  { now }: LoginAttempt,
): boolean {
  return message.get('assoc_handle') === handle && now < expiresAt;
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
