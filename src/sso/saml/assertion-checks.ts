import type { MarketplaceSso } from '../../interfaces/marketplace.interface.js';
import type { SsoPolicy } from '../../settings/maestrano-settings.js';
import { parseSamlInstant } from '../../utils/dates.js';
import { type CheckList, mask } from '../login/check-list.js';
import { isComparable, type LoginAttributes } from '../login/login-attributes.js';
import { checkGroup, checkSessionToken, PLATFORM_ID } from '../login/login-profile.js';
import { readAttributes } from './assertion-attributes.js';
import type { SamlParties } from './node-saml.js';
import { ASSERTION_NS, METHOD_BEARER } from './saml-names.js';
import { childrenNamed, collapsed, isNamed, type XmlElement } from './xml-reader.js';

/** What an assertion is verified against. */
export interface AssertionContext {
  readonly parties: SamlParties;
  readonly policy: SsoPolicy;
  readonly sso: Pick<MarketplaceSso, 'sloEnabled'>;
  /** The names under which we may be addressed; null when the policy does not look. */
  readonly audiences: readonly string[] | null;
  /** The login that it must respond to. */
  readonly requestId: string;
  /** Issuer of the response around the assertion, without white space around it; null when it has none. */
  readonly responseIssuer: string | null;
  /** Milliseconds since the epoch: one instant for all checks. */
  readonly now: number;
}

/** What a signed assertion says, read by our own reader from the signed bytes only. */
export interface AssertionFacts {
  readonly id: string;
  readonly nameId: string;
  /** When the last of its time limits ends, in milliseconds since the epoch. */
  readonly validUntil: number;
  /** When the person's session at the provider ends, in milliseconds since the epoch; null when it does not say. */
  readonly sessionEndsAt: number | null;
  readonly attributes: LoginAttributes;
}

/** What the subject of an assertion says. */
interface SubjectFacts {
  readonly nameId: string;
  /** Milliseconds since the epoch; 0 when unreadable. */
  readonly notOnOrAfter: number;
}

const MAX_NAME_ID = 256;
/** Children of Conditions that are understood. */
const CONDITIONS = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'];

/**
 * Makes every check on the content of an assertion (protocol §4.8, saml §3.3). They do not stop at the
 * first failure: somebody who sets up a marketplace wants to see all of them.
 */
export function checkAssertion(
  assertion: XmlElement,
  context: AssertionContext,
  checks: CheckList,
): AssertionFacts {
  const signed = isNamed(assertion, ASSERTION_NS, 'Assertion');
  checks.expect('sso.assertion', signed, 'a signed saml:Assertion', signed ? 'as expected' : assertion.name);
  checkIssuer(assertion, context, checks);
  checkIssueInstant(assertion, context, checks);
  const subject = checkSubject(assertion, context, checks);
  const conditionsEnd = checkConditions(assertion, context, checks);
  const sessionEndsAt = checkAuthnStatement(assertion, context, checks);
  const attributes = readAttributes(assertion, context.policy.limits, checks);
  checkIdentity(attributes.values, subject.nameId, context, checks);
  return {
    id: assertion.attributes.get('ID') ?? '',
    nameId: subject.nameId,
    validUntil: Math.max(subject.notOnOrAfter, conditionsEnd) + context.policy.acceptedClockSkewMs,
    sessionEndsAt,
    attributes,
  };
}

/** Checks who issued the assertion (protocol §4.5, saml §3.3 row 11). */
function checkIssuer(assertion: XmlElement, context: AssertionContext, checks: CheckList): void {
  const { policy, parties, responseIssuer } = context;
  if (policy.issuer === 'off') return checks.skip('sso.issuer', 'switched off');
  const issuers = childrenNamed(assertion, ASSERTION_NS, 'Issuer');
  const name = collapsed(issuers[0]?.text ?? '');
  const known =
    policy.issuer === 'default'
      ? withoutQuery(name) === parties.providerUrl
      : policy.issuer.map(collapsed).includes(name);
  const agreed = responseIssuer === null || responseIssuer === name;
  checks.expect(
    'sso.issuer',
    issuers.length === 1 && issuers[0]?.children.length === 0 && known && agreed,
    policy.issuer === 'default' ? parties.providerUrl : policy.issuer.join(' or '),
    agreed ? issuers.map(({ text }) => withoutQuery(text)).join(', ') || 'none' : 'two different issuers',
  );
}

/** Checks when the assertion was issued (saml §3.3 row 20). */
function checkIssueInstant(assertion: XmlElement, context: AssertionContext, checks: CheckList): void {
  const { policy, now } = context;
  const issued = parseSamlInstant(assertion.attributes.get('IssueInstant'));
  checks.expect(
    'sso.issueInstant',
    issued !== null &&
      issued <= now + policy.acceptedClockSkewMs &&
      now - policy.acceptedClockSkewMs < issued + policy.maxAssertionAgeMs,
    `at most ${policy.acceptedClockSkewMs / 1000} s ahead, ${policy.maxAssertionAgeMs / 1000} s ago`,
    () => describeInstant(issued, now),
  );
}

/**
 * Checks who is meant, and that the assertion was made to be delivered here, now, for this login (protocol §4.8,
 * saml §3.3 rows 4, 8, 12 and 19).
 */
function checkSubject(assertion: XmlElement, context: AssertionContext, checks: CheckList): SubjectFacts {
  const subjects = childrenNamed(assertion, ASSERTION_NS, 'Subject');
  const children = subjects.flatMap((subject) => subject.children);
  const nameIds = children.filter((child) => child.name === 'NameID');
  const nameId = nameIds[0]?.text ?? '';
  checks.expect(
    'sso.nameId',
    subjects.length === 1 &&
      nameIds.length === 1 &&
      nameIds[0]?.namespace === ASSERTION_NS &&
      nameIds[0].children.length === 0 &&
      nameId !== '' &&
      isComparable(nameId) &&
      nameId.length <= MAX_NAME_ID &&
      !children.some((child) => child.name === 'BaseID'),
    'one NameID of plain text on one line',
    nameIds.length === 1 ? mask(nameId) : `${nameIds.length} NameID`,
  );
  return { nameId, notOnOrAfter: checkConfirmation(children, context, checks) };
}

function checkConfirmation(
  children: readonly XmlElement[],
  context: AssertionContext,
  checks: CheckList,
): number {
  const confirmations = children.filter(
    (child) => child.name === 'SubjectConfirmation' && child.namespace === ASSERTION_NS,
  );
  const candidates = confirmations
    .filter((confirmation) => confirmation.attributes.get('Method') === METHOD_BEARER)
    .map((confirmation) => childrenNamed(confirmation, ASSERTION_NS, 'SubjectConfirmationData'))
    .flatMap((data) => (data.length === 1 ? data : []));
  checks.expect(
    'sso.subjectConfirmation',
    candidates.length > 0,
    'a bearer confirmation with its data',
    confirmations.map((confirmation) => confirmation.attributes.get('Method') ?? 'no method').join(', ') ||
      'none',
  );
  // One confirmation must satisfy everything; without such a one the first is what gets explained.
  const data = candidates.find((candidate) => satisfies(candidate, context)) ?? candidates[0];
  if (!data) return 0;
  const { policy, now, requestId, parties } = context;
  const recipient = data.attributes.get('Recipient');
  const inResponseTo = data.attributes.get('InResponseTo');
  const end = parseSamlInstant(data.attributes.get('NotOnOrAfter'));
  checks.expect('sso.recipient', recipient === parties.consumeUrl, parties.consumeUrl, recipient ?? 'none');
  checks.expect('sso.inResponseTo', inResponseTo === requestId, requestId, inResponseTo ?? 'none');
  checkConfirmationOrder(confirmations, data, context, checks);
  checks.expect(
    'sso.confirmationExpired',
    isCurrent(data, context),
    () => `a time after ${new Date(now - policy.acceptedClockSkewMs).toISOString()}`,
    () => describeInstant(end, now),
  );
  return end ?? 0;
}

/**
 * node-saml takes the first confirmation whose time it is, whatever its method, and rejects the response when that one
 * was made for another login. To accept ours behind it would mean to overrule node-saml. Notes only what is wrong.
 */
function checkConfirmationOrder(
  confirmations: readonly XmlElement[],
  ours: XmlElement,
  context: AssertionContext,
  checks: CheckList,
): void {
  const first = confirmations
    .flatMap((confirmation) =>
      childrenNamed(confirmation, ASSERTION_NS, 'SubjectConfirmationData').slice(0, 1),
    )
    .find((data) => hasBegun(data, context) && !isOver(data, context));
  const named = first?.attributes.get('InResponseTo') ?? '';
  if (!satisfies(ours, context) || named === '' || named === context.requestId) return;
  checks.expect('sso.confirmationOrder', false, context.requestId, named);
}

function satisfies(data: XmlElement, context: AssertionContext): boolean {
  return (
    data.attributes.get('Recipient') === context.parties.consumeUrl &&
    data.attributes.get('InResponseTo') === context.requestId &&
    isCurrent(data, context)
  );
}

/** Whether it has an end, and its time is now. */
function isCurrent(data: XmlElement, context: AssertionContext): boolean {
  return data.attributes.has('NotOnOrAfter') && hasBegun(data, context) && !isOver(data, context);
}

function hasBegun({ attributes }: XmlElement, { policy, now }: AssertionContext): boolean {
  const beginning = attributes.get('NotBefore');
  return (
    beginning === undefined || (parseSamlInstant(beginning) ?? Infinity) <= now + policy.acceptedClockSkewMs
  );
}

function isOver({ attributes }: XmlElement, { policy, now }: AssertionContext): boolean {
  const end = attributes.get('NotOnOrAfter');
  return end !== undefined && now - policy.acceptedClockSkewMs >= (parseSamlInstant(end) ?? 0);
}

/**
 * Checks when the assertion is valid and for whom (protocol §4.8, saml §3.3 row 20).
 *
 * @returns its end in milliseconds since the epoch; 0 when unreadable.
 */
function checkConditions(assertion: XmlElement, context: AssertionContext, checks: CheckList): number {
  const { policy, now } = context;
  const all = childrenNamed(assertion, ASSERTION_NS, 'Conditions');
  const conditions = all[0];
  const beginning = parseSamlInstant(conditions?.attributes.get('NotBefore'));
  const end = parseSamlInstant(conditions?.attributes.get('NotOnOrAfter'));
  const understood = conditions?.children.every((child) =>
    CONDITIONS.some((name) => isNamed(child, ASSERTION_NS, name)),
  );
  checks.expect(
    'sso.conditions',
    all.length === 1 && understood === true && beginning !== null && end !== null && beginning < end,
    'one Conditions with NotBefore and NotOnOrAfter, nothing unknown in it',
    () =>
      conditions
        ? `${all.length} with NotBefore ${describeInstant(beginning, now)}, NotOnOrAfter ${describeInstant(end, now)}`
        : 'none',
  );
  checks.expect(
    'sso.notYetValid',
    beginning !== null && beginning <= now + policy.acceptedClockSkewMs,
    `at most ${policy.acceptedClockSkewMs / 1000} s ahead`,
    () => describeInstant(beginning, now),
  );
  checks.expect(
    'sso.expired',
    end !== null && now - policy.acceptedClockSkewMs < end,
    `at most ${policy.acceptedClockSkewMs / 1000} s ago`,
    () => describeInstant(end, now),
  );
  checkAudience(conditions, context, checks);
  return end ?? 0;
}

function checkAudience(
  conditions: XmlElement | undefined,
  context: AssertionContext,
  checks: CheckList,
): void {
  const { audiences } = context;
  if (audiences === null) return checks.skip('sso.audience', 'switched off');
  const restrictions = (conditions ? childrenNamed(conditions, ASSERTION_NS, 'AudienceRestriction') : []).map(
    (restriction) => childrenNamed(restriction, ASSERTION_NS, 'Audience').map(({ text }) => collapsed(text)),
  );
  checks.expect(
    'sso.audience',
    restrictions.length > 0 && restrictions.every((names) => names.some((name) => audiences.includes(name))),
    audiences.join(' or '),
    restrictions.flat().join(', ') || 'none',
  );
}

/**
 * Checks how and when the person signed in at the provider (saml §3.3 row 20).
 *
 * @returns when the first of the sessions there ends, in milliseconds since the epoch; null when none says so.
 */
function checkAuthnStatement(
  assertion: XmlElement,
  context: AssertionContext,
  checks: CheckList,
): number | null {
  const { policy, now } = context;
  const statements = childrenNamed(assertion, ASSERTION_NS, 'AuthnStatement');
  const signedIn = statements.map((statement) => parseSamlInstant(statement.attributes.get('AuthnInstant')));
  const isRecent = (instant: number | null): boolean =>
    instant !== null &&
    instant <= now + policy.acceptedClockSkewMs &&
    now - policy.acceptedClockSkewMs < instant + policy.maxAuthenticationAgeMs;
  const ends = statements.flatMap((statement) => {
    const end = statement.attributes.get('SessionNotOnOrAfter');
    return end === undefined ? [] : [parseSamlInstant(end) ?? 0];
  });
  const end = ends.length === 0 ? null : Math.min(...ends);
  const over = end !== null && now - policy.acceptedClockSkewMs >= end;
  checks.expect(
    'sso.authnStatement',
    statements.length > 0 && signedIn.every(isRecent) && !over,
    `signed in at most ${policy.maxAuthenticationAgeMs / 1000} s ago, session not over`,
    over ? 'the session at the provider is over' : describeInstant(signedIn[0] ?? null, now),
  );
  // One that ended by our clock alone has the tolerance left, or the person would go round in circles.
  return end === null || end > now ? end : end + policy.acceptedClockSkewMs;
}

/** Checks who logs in, with which company, and through which session of the marketplace (protocol §4.6, §4.10). */
function checkIdentity(
  attributes: ReadonlyMap<string, string>,
  nameId: string,
  { policy, sso }: AssertionContext,
  checks: CheckList,
): void {
  const uid = attributes.get('uid') ?? '';
  const mnoUid = attributes.get('mno_uid') || uid;
  checks.expect('sso.uid', PLATFORM_ID.test(uid), 'letters, digits, _ and -', mask(uid));
  checkGroup(attributes, checks);
  if (policy.nameIdMustMatchUid) {
    const agree = nameId === uid && mnoUid === uid;
    const seen = agree ? 'one' : `${mask(nameId)} and ${mask(uid)}`;
    checks.expect('sso.nameIdMismatch', agree, 'one identifier', seen);
  } else {
    checks.skip('sso.nameIdMismatch', 'switched off');
  }
  checkSessionToken(attributes, sso, checks);
}

/** The known provider puts the request that it responds to into the query of its name (protocol §4.5). */
function withoutQuery(name: string): string {
  const query = name.indexOf('?');
  return query < 0 ? name : name.slice(0, query);
}

/** An instant with its distance from now, as a reader of a trace wants it. */
export function describeInstant(instant: number | null, now: number): string {
  if (instant === null) return 'no readable time';
  const seconds = Math.round((instant - now) / 1000);
  const distance = seconds === 0 ? 'now' : seconds > 0 ? `${seconds} s ahead` : `${-seconds} s ago`;
  return `${new Date(instant).toISOString()} (${distance})`;
}
