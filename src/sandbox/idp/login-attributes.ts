import type { SandboxBehaviour } from '../sandbox-options.js';
import type { SandboxGroupRecord, SandboxUserRecord } from '../state/records.js';
import type { SandboxState } from '../state/sandbox-state.js';

/** Domain of the forwarding addresses (protocol §4.6). */
const VIRTUAL_MAIL_DOMAIN = 'mno-api-sandbox-mail.maestrano.com';

/** The attributes of an assertion in the real provider's order; absent values are empty texts (protocol §4.6). */
export function loginAttributes(
  state: SandboxState,
  behaviour: SandboxBehaviour,
  user: SandboxUserRecord,
  group: SandboxGroupRecord,
  recheck: string,
): [name: string, value: string][] {
  const virtualUid = `${user.uid}.${group.uid}`;
  const old = behaviour === 'like-2016';
  const reseller = user.resellerId === null ? undefined : resellerOf(state, user);
  const attributes: [string, string | null][] = [
    ['mno_uid', user.uid],
    ['mno_session', user.ssoSession],
    ['mno_session_recheck', recheck],
    ['group_uid', group.uid],
    ['group_name', group.name],
    ['group_end_free_trial', group.freeTrialEndAt],
    ['group_role', state.membership(user.marketplace, user.uid, group.uid)?.role ?? 'Guest'],
    ['group_has_credit_card', String(!old && group.hasCreditCard)],
    ['group_email', group.email],
    ['group_currency', group.currency],
    ['group_timezone', group.timezone],
    ['group_country', group.country],
    ['group_city', group.city],
    ['group_reseller_id', group.resellerId],
    ...(old ? [] : ([['group_org_uid', group.orgUid]] as [string, string][])),
    ['uid', user.uid],
    ['virtual_uid', virtualUid],
    ['email', user.email],
    ['virtual_email', `${virtualUid}@${VIRTUAL_MAIL_DOMAIN}`],
    ['name', user.name],
    ['surname', user.surname],
    ['country', user.country],
    ['company_name', user.companyName],
    ['app_owner', 'true'],
    ['organizations', '{}'],
    ...(reseller
      ? ([
          ['reseller_id', reseller.id],
          ['reseller_name', reseller.name],
          ['reseller_country', reseller.country],
        ] as [string, string][])
      : []),
  ];
  return attributes.map(([name, value]) => [name, value ?? '']);
}

function resellerOf(
  state: SandboxState,
  user: SandboxUserRecord,
): ReturnType<SandboxState['resellers']['get']> {
  return state.resellers.filter(
    (one) => one.marketplace === user.marketplace && one.id === user.resellerId,
  )[0];
}
