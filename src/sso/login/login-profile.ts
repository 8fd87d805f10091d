import type { Marketplace, MarketplaceSso } from '../../interfaces/marketplace.interface.js';
import type {
  GroupProfile,
  LoginProfile,
  ResellerProfile,
  UserProfile,
} from '../../interfaces/profiles.interface.js';
import { MAESTRANO_PROVIDER } from '../../maestrano.constants.js';
import { parsePlatformDate } from '../../utils/dates.js';
import { maskUser } from '../../utils/platform-identifier.js';
import { Secret } from '../../utils/secret.js';
import { toBoolean } from '../../utils/values.js';
import { type CheckList, mask } from './check-list.js';

/** The attributes of a login by the names of protocol §4.6, whichever protocol brought them. */
type Attributes = ReadonlyMap<string, string>;

/** What the platform calls somebody without a membership; the least that a missing role can mean. */
const DEFAULT_ROLE = 'Guest';

/** An identifier such as `usr-1`: harmless in URLs, store keys and logs. */
export const PLATFORM_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
const MAX_TOKEN = 1_024;

/** What a login says about the marketplace's session (protocol §4.11). */
export interface SessionGrant {
  readonly sessionToken: Secret;
  readonly recheckAt: Date;
}

/** Checks the company that the person logs in with, and the identifier of the person in it (protocol §4.10). */
export function checkGroup(attributes: Attributes, checks: CheckList): void {
  const groupUid = attributes.get('group_uid') ?? '';
  const virtualUid = attributes.get('virtual_uid') ?? '';
  const built = `${attributes.get('uid') ?? ''}.${groupUid}`;
  checks.expect('sso.groupUid', PLATFORM_ID.test(groupUid), 'letters, digits, _ and -', mask(groupUid));
  checks.expect(
    'sso.virtualUid',
    virtualUid === '' || virtualUid === built,
    'nothing, or uid and group_uid joined by a dot',
    virtualUid === built ? 'uid and group_uid' : mask(virtualUid),
  );
}

/** Checks the token of the marketplace's session, which single logout needs (protocol §4.11). */
export function checkSessionToken(
  attributes: Attributes,
  { sloEnabled }: Pick<MarketplaceSso, 'sloEnabled'>,
  checks: CheckList,
): void {
  const { length } = attributes.get('mno_session') ?? '';
  const least = sloEnabled ? 1 : 0;
  checks.expect(
    'sso.sessionToken',
    length <= MAX_TOKEN && length >= least,
    `${least} to ${MAX_TOKEN} characters`,
    `${length} characters`,
  );
}

/**
 * Profiles from the attributes of a verified login (protocol §4.6, §4.9, §4.10). What is missing or empty is
 * null; identifiers must have been checked before.
 *
 * @param omitted names of what was left out.
 */
export function mapProfile(
  marketplace: Marketplace,
  attributes: Attributes,
  omitted: readonly string[] = [],
): LoginProfile {
  const user = mapUser(marketplace, attributes, omitted);
  const group = mapGroup(marketplace, attributes);
  return {
    user,
    group,
    membership: {
      provider: MAESTRANO_PROVIDER,
      marketplace: marketplace.name,
      groupUid: group.uid,
      userUid: user.uid,
      role: exact(attributes, 'group_role') ?? DEFAULT_ROLE,
    },
  };
}

/** The session token and the next check; without a readable time the next request asks at once. */
export function mapSession(attributes: Attributes): SessionGrant {
  return {
    sessionToken: new Secret(attributes.get('mno_session') ?? ''),
    recheckAt: parsePlatformDate(attributes.get('mno_session_recheck')) ?? new Date(),
  };
}

function mapUser(
  { name: marketplace, sso }: Marketplace,
  attributes: Attributes,
  omitted: readonly string[],
): UserProfile {
  const realUid = attributes.get('uid') ?? '';
  const groupUid = attributes.get('group_uid') ?? '';
  const realEmail = exact(attributes, 'email');
  const virtualEmail = exact(attributes, 'virtual_email');
  return {
    provider: MAESTRANO_PROVIDER,
    marketplace,
    uid: maskUser(realUid, groupUid, sso.creationMode),
    email: sso.creationMode === 'virtual' ? virtualEmail : realEmail,
    realUid,
    virtualUid: maskUser(realUid, groupUid, 'virtual'),
    realEmail,
    virtualEmail,
    firstName: shown(attributes, 'name'),
    lastName: shown(attributes, 'surname'),
    country: shown(attributes, 'country'),
    companyName: shown(attributes, 'company_name'),
    reseller: mapReseller(attributes),
    attributes: Object.freeze(Object.fromEntries([...attributes].filter(([name]) => name !== 'mno_session'))),
    omittedAttributes: Object.freeze([...omitted]),
  };
}

function mapGroup({ name: marketplace }: Marketplace, attributes: Attributes): GroupProfile {
  return {
    provider: MAESTRANO_PROVIDER,
    marketplace,
    uid: attributes.get('group_uid') ?? '',
    name: shown(attributes, 'group_name'),
    email: exact(attributes, 'group_email'),
    hasCreditCard: toBoolean(attributes.get('group_has_credit_card')),
    freeTrialEndAt: parsePlatformDate(attributes.get('group_end_free_trial')),
    currency: exact(attributes, 'group_currency'),
    timezone: exact(attributes, 'group_timezone'),
    country: exact(attributes, 'group_country'),
    city: shown(attributes, 'group_city'),
    organizationUid: exact(attributes, 'group_org_uid'),
    resellerId: exact(attributes, 'group_reseller_id'),
  };
}

function mapReseller(attributes: Attributes): ResellerProfile | null {
  const id = exact(attributes, 'reseller_id');
  if (id === null) return null;
  return { id, name: shown(attributes, 'reseller_name'), country: shown(attributes, 'reseller_country') };
}

/** A value that decides something: byte for byte, or an address with a blank behind it would be another person's. */
function exact(attributes: Attributes, name: string): string | null {
  return attributes.get(name) || null;
}

/** A value that is only shown. */
function shown(attributes: Attributes, name: string): string | null {
  return attributes.get(name)?.trim() || null;
}
