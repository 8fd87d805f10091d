import { describe, expect, it } from '@jest/globals';

import { ReturnTo } from '../../../../src/sso/login/return-to.service.js';
import { LoginTransactionService, newLogin } from '../../../../src/sso/login/login-transaction.service.js';
import { MemoryStore } from '../../../../src/stores/memory-store.js';
import { samlMarketplace } from '../../../support/saml/saml-bench.js';
import { settingsOf } from '../../../support/settings.js';

describe('a page to return to', () => {
  const returnTo = new ReturnTo(settingsOf().sso);

  it.each([
    '/maestrano/auth/saml/init/lab',
    '/maestrano/auth/saml/init/lab/',
    '/maestrano/auth/saml/init/lab///?x=1',
    '/Maestrano/Auth/SAML/init/lab',
    '/maestrano/auth/s%61ml/init/lab',
    '/maestrano/auth/s%61ml/consume/L%41B/',
    'https://app.example.com/maestrano/auth/saml/consume/lab#x',
  ])('is none of the sign-on paths, however spelled: %s', (address) => {
    expect(returnTo.parse(address, samlMarketplace())).toBeNull();
  });

  it.each(['/maestrano/auth/saml/init', '/bills/', '/a%2Fb', '/caf%C3%A9/%zz'])('is %s', (address) => {
    expect(returnTo.parse(address, samlMarketplace())).toBe(address);
  });
});

describe('of two that come at the same moment with one response', () => {
  it('the one that comes too late is told that the login is over, and not that it never began', async () => {
    /** Looks, as a second response would, the moment the login is taken. */
    class Watched extends MemoryStore {
      seen: boolean | null = null;
      override async delete(key: string, expected?: string): Promise<boolean> {
        const taken = await super.delete(key, expected);
        this.seen = await transactions.wasTaken(marketplace, login.id);
        return taken;
      }
    }
    const store = new Watched();
    const marketplace = samlMarketplace();
    const transactions = new LoginTransactionService(store, settingsOf().sso);
    const { transaction: login } = newLogin(marketplace, { returnTo: null, params: {} });
    await transactions.save(login);
    expect(await transactions.take(marketplace, login.id)).not.toBeNull();
    expect(store.seen).toBe(true);
  });
});
