import { Injectable } from '@nestjs/common';

import { OpenIdDiscoveryError } from '../../errors/openid.error.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { CheckList } from '../saml/check-list.js';
import type { LoginTransaction } from '../saml/login-transaction.interface.js';
import { LoginTransactionService } from '../saml/login-transaction.service.js';
import { mask } from '../saml/masked-text.js';
import { findOpenLogin } from '../saml/open-login.js';
import type { SsoPolicy } from '../saml/sso-policy.js';
import type { SignOnAnswer } from '../sso-protocol.js';
import { readOpenIdAttributes } from './openid-attributes.js';
import { OpenIdDiscoveryService } from './openid-discovery.service.js';
import { type OpenIdMessage, readOpenIdMessage } from './openid-message.js';
import { OPENID_NS } from './openid-names.js';
import { requestIdOf, returnUrl } from './openid-urls.js';
import { OpenIdVerificationService } from './openid-verification.service.js';

/** What an answer must be signed over for anything in it to be believed. */
const SIGNED = [
  'op_endpoint',
  'claimed_id',
  'identity',
  'return_to',
  'response_nonce',
  'assoc_handle',
] as const;
const NONCE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)[!-~]{0,235}$/;
const UID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
const MAX_TOKEN = 1_024;

/** An answer that passed every check. */
export interface AcceptedAnswer {
  readonly transaction: LoginTransaction;
  /** In SAML's names. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** Told as soon as it is known, for the trace of a login that is refused. */
export interface JudgingProgress {
  requestId: string | null;
}

/**
 * Judges what the provider sent through the browser (protocol §5): everything that can be told from the message
 * first, then the provider's own word, and only then is the login used up, so that garbage can neither end
 * somebody's login nor make us call anybody.
 */
@Injectable()
export class OpenIdAnswerJudge {
  constructor(
    private readonly transactions: LoginTransactionService,
    private readonly discovery: OpenIdDiscoveryService,
    private readonly verification: OpenIdVerificationService,
  ) {}

  /** @throws CheckFailed with the code of the first failing check. */
  async judge(
    marketplace: Marketplace,
    answer: SignOnAnswer,
    policy: SsoPolicy,
    checks: CheckList,
    progress: JudgingProgress,
  ): Promise<AcceptedAnswer> {
    const message = readOpenIdMessage(answer, checks);
    const transaction = await findOpenLogin(
      this.transactions,
      { marketplace, boundRequestIds: answer.boundRequestIds },
      { inResponseTo: requestIdOf(answer.query) },
      policy,
      checks,
    );
    progress.requestId = transaction.id;
    checkMode(message, checks);
    const expected = returnUrl(marketplace, transaction.id);
    const returnTo = message.get('return_to') ?? 'none';
    checks.require('openid.returnTo', returnTo === expected, expected, returnTo);
    const endpoint = await this.#endpoint(marketplace, checks);
    const named = message.get('op_endpoint') ?? 'none';
    checks.require('openid.endpoint', named === endpoint, endpoint, named);
    const uid = checkClaimedId(message, endpoint, checks);
    const signed = checkSignedFields(message, checks);
    const validUntil = checkNonce(message, policy, checks);
    const attributes = readOpenIdAttributes(message, signed, checks);
    checkIdentity(attributes, uid, marketplace, checks);

    const word = await this.verification.verify(marketplace, endpoint, message);
    checks.require('openid.verification', word === 'confirmed', 'confirmed', word);
    const taken = await this.transactions.take(marketplace, transaction.id);
    checks.require(
      'sso.requestUsed',
      taken !== null,
      'an open login',
      taken ? 'an open login' : 'a finished one',
    );
    const nonce = `openid:${endpoint}:${message.get('response_nonce') ?? ''}`;
    const fresh = await this.transactions.claim(marketplace, nonce, validUntil);
    checks.require('sso.replay', fresh, 'a new nonce', fresh ? 'a new nonce' : 'a used one');
    return { transaction, attributes };
  }

  async #endpoint(marketplace: Marketplace, checks: CheckList): Promise<string> {
    try {
      const endpoint = await this.discovery.endpoint(marketplace);
      checks.expect('openid.discovery', true, 'an endpoint', endpoint);
      return endpoint;
    } catch (error) {
      if (!(error instanceof OpenIdDiscoveryError)) throw error;
      checks.require('openid.discovery', false, 'an endpoint', error.seen);
      throw error;
    }
  }
}

function checkMode(message: OpenIdMessage, checks: CheckList): void {
  const namespace = message.get('ns') ?? 'none';
  checks.require('openid.input', namespace === OPENID_NS, OPENID_NS, namespace);
  const mode = message.get('mode') ?? 'none';
  const why = mode === 'error' ? `error: ${message.get('error') ?? ''}` : mode;
  checks.require('openid.cancelled', mode === 'id_res', 'id_res', why);
}

/** The uid at the end of the identifier, which must be one that this very endpoint gives out. */
function checkClaimedId(message: OpenIdMessage, endpoint: string, checks: CheckList): string {
  const claimed = message.get('claimed_id') ?? '';
  const base = `${endpoint}/users/`;
  const uid = claimed.startsWith(base) ? claimed.slice(base.length) : '';
  const good = UID.test(uid) && message.get('identity') === claimed;
  checks.require(
    'openid.claimedId',
    good,
    `${base}…, as claimed_id and identity`,
    good ? 'so it is' : 'another one',
  );
  return uid;
}

function checkSignedFields(message: OpenIdMessage, checks: CheckList): ReadonlySet<string> {
  const signed = new Set((message.get('signed') ?? '').split(','));
  const missing = SIGNED.filter((field) => !signed.has(field) || !message.get(field));
  const complete = missing.length === 0 && (message.get('sig') ?? '') !== '';
  checks.require(
    'openid.signedFields',
    complete,
    `a signature over ${SIGNED.join()}`,
    missing.join() || 'so it is',
  );
  return signed;
}

/** The time in the nonce; until when the nonce has to be remembered. */
function checkNonce(message: OpenIdMessage, policy: SsoPolicy, checks: CheckList): number {
  const nonce = message.get('response_nonce') ?? '';
  const time = Date.parse(NONCE.exec(nonce)?.[1] ?? '');
  const age = Date.now() - time;
  const recent =
    age <= policy.maxAssertionAgeMs + policy.acceptedClockSkewMs && age >= -policy.acceptedClockSkewMs;
  const seen = Number.isNaN(time) ? 'no readable time' : `${Math.round(age / 1000)} s old`;
  checks.require('openid.nonce', recent, `at most ${policy.maxAssertionAgeMs / 1000} s old`, seen);
  return time + policy.maxAssertionAgeMs + 2 * policy.acceptedClockSkewMs;
}

function checkIdentity(
  attributes: ReadonlyMap<string, string>,
  claimedUid: string,
  { sso }: Marketplace,
  checks: CheckList,
): void {
  const uid = attributes.get('uid') ?? '';
  const groupUid = attributes.get('group_uid') ?? '';
  const virtualUid = attributes.get('virtual_uid') ?? '';
  const token = attributes.get('mno_session') ?? '';
  checks.require('sso.groupUid', UID.test(groupUid), 'letters, digits, _ and -', mask(groupUid));
  const virtual = virtualUid === '' || virtualUid === `${uid}.${groupUid}`;
  checks.require(
    'sso.virtualUid',
    virtual,
    'nothing, or uid and group_uid joined by a dot',
    mask(virtualUid),
  );
  checks.require('openid.userMismatch', uid === claimedUid, mask(claimedUid), mask(uid));
  const usable = token.length <= MAX_TOKEN && (token !== '' || !sso.sloEnabled);
  checks.require('sso.sessionToken', usable, `at most ${MAX_TOKEN} characters`, `${token.length} characters`);
}
