import { CheckFailed, type CheckList } from './check-list.js';
import type { LoginTransaction } from './login-transaction.interface.js';
import type { LoginTransactionService } from './login-transaction.service.js';
import type { ResponseHead } from './response-structure.js';
import type { SamlValidation } from './saml-login.interface.js';
import { XML_ID } from './saml-names.js';
import type { SsoPolicy } from './sso-policy.js';

/**
 * The open login that an answer belongs to, left open (saml §3.3 rows 2 and 3): begun here, on this
 * marketplace, in this browser as far as its cookie tells.
 *
 * @throws {@link CheckFailed} with `sso.request…`.
 */
export async function findOpenLogin(
  transactions: LoginTransactionService,
  { marketplace, boundRequestIds }: Pick<SamlValidation, 'marketplace' | 'boundRequestIds'>,
  { inResponseTo }: Pick<ResponseHead, 'inResponseTo'>,
  policy: SsoPolicy,
  checks: CheckList,
): Promise<LoginTransaction> {
  const id = inResponseTo ?? '';
  const named = XML_ID.test(id);
  checks.require('sso.requestMissing', named, 'the ID of our request', id || 'none');
  checkBinding(id, boundRequestIds, policy, checks);

  const transaction = await transactions.peek(marketplace, id);
  if (!transaction) {
    const used = await transactions.wasTaken(marketplace, id);
    checks.require('sso.requestUsed', !used, 'an open login', used ? 'a finished one' : 'none');
  }
  const known = transaction !== null;
  checks.require(
    'sso.requestUnknown',
    known,
    'an open login begun here',
    known ? 'so it is' : 'none, or its time is over',
  );
  if (!transaction) throw new CheckFailed('sso.requestUnknown');
  return transaction;
}

function checkBinding(
  id: string,
  bound: readonly string[] | null,
  policy: SsoPolicy,
  checks: CheckList,
): void {
  if (policy.binding === 'off') return checks.skip('sso.requestNotBound', 'switched off');
  if (bound === null && policy.binding === 'prefer') {
    return checks.skip('sso.requestNotBound', 'no binding cookie came');
  }
  checks.require(
    'sso.requestNotBound',
    bound?.includes(id) === true,
    'a binding cookie with this login',
    bound?.length ? 'a binding cookie with other logins' : 'no binding cookie',
  );
}
