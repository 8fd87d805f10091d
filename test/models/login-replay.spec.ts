import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';

import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import { LoginService, SsoProtocols } from '../../src/sso/login/login.service.js';
import { LoginTransactionService } from '../../src/sso/login/login-transaction.service.js';
import {
  type LoginAttempt,
  type LoginRequest,
  SsoProtocol,
  type VerifiedResponse,
} from '../../src/sso/login/sso-protocol.js';
import { LoginSubjects } from '../../src/sso/trace/login-subjects.service.js';
import { LoginTraceService } from '../../src/sso/trace/login-trace.service.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { settingsOf } from '../support/settings.js';
import { proveSize } from '../support/sizes.js';
import { search, type Searched, seeded, type System } from './interleavings.js';

const { sso, session } = settingsOf();
const MARKETPLACE = { name: 'acme', sso: { protocol: 'saml' } } as unknown as Marketplace;
const ATTRIBUTES = {
  values: new Map([
    ['uid', 'usr-1'],
    ['group_uid', 'cld-1'],
  ]),
  cleaned: [],
  omitted: [],
};

Logger.overrideLogger(false);

/** A protocol whose every response is right: what is left is whether it was used before. */
class RightProtocol extends SsoProtocol {
  override loginRequest(): Promise<LoginRequest> {
    return Promise.resolve({ url: '' });
  }

  override async verify(attempt: LoginAttempt): Promise<VerifiedResponse> {
    const { id, once } = attempt.response.body as { readonly id: string; readonly once: string };
    const transaction = await attempt.findTransaction(id);
    return {
      transaction,
      attributes: ATTRIBUTES,
      onceId: once,
      validUntil: Date.now() + 60_000,
      sessionEndsAt: null,
    };
  }
}

/** Copies of one response, or two responses to one login, on as many instances. */
function logins(copies: readonly { readonly id: string; readonly once: string }[], deaths = 0): System {
  const store = new MemoryStore();
  const outcomes = new Map<string, string>();
  const begun = [...new Set(copies.map(({ id }) => id))].map((id) =>
    new LoginTransactionService(store, sso).save({
      id,
      marketplace: 'acme',
      startedAt: Date.now(),
      returnTo: null,
      params: {},
    }),
  );
  return {
    store,
    deaths,
    processes: copies.map(({ id, once }, index) => ({
      name: `copy ${index}`,
      async run(_step, shared) {
        await Promise.all(begun);
        const instance = new LoginService(
          new SsoProtocols(new Map([['saml', new RightProtocol()]])),
          new LoginTransactionService(shared, sso),
          new LoginTraceService(new MemoryStore()),
          new LoginSubjects(session),
          sso,
        );
        const response = {
          method: 'POST',
          query: new URLSearchParams(),
          body: { id, once },
          boundRequestIds: [id],
        };
        try {
          await instance.verify(MARKETPLACE, response);
          outcomes.set(`copy ${index}`, 'accepted');
        } catch (error) {
          outcomes.set(`copy ${index}`, (error as { readonly code: string }).code);
        }
      },
    })),
    check(dead) {
      const all = [...outcomes.values()];
      const accepted = all.filter((outcome) => outcome === 'accepted').length;
      const expected = dead.size === 0 ? [1] : [0, 1];
      const others = all.filter((outcome) => outcome !== 'accepted');
      const isExplained = others.every((outcome) => ['sso.requestUsed', 'sso.replay'].includes(outcome));
      if (expected.includes(accepted) && isExplained) return;
      throw new Error(`${accepted} were accepted, ${dead.size} died: ${all.join(', ')}`);
    },
  };
}

function report(what: string, { histories, steps, exhaustive }: Searched, since: number): void {
  const seconds = ((performance.now() - since) / 1_000).toFixed(1);
  console.info(
    `${what}: ${histories} histories${exhaustive ? ', all there are' : ''}, ${steps} steps, ${seconds} s`,
  );
}

const ONE = { id: '_login1', once: 'assertion-1' };

describe('a login', () => {
  it('is accepted once, of two copies of a response, in every order', async () => {
    const since = performance.now();
    const searched = await search(() => logins([ONE, ONE]), { most: 20_000 });
    report('Two copies', searched, since);
    expect(searched.exhaustive).toBe(true);
  });

  it('is accepted once, of two responses to it, in every order', async () => {
    const searched = await search(() => logins([ONE, { ...ONE, once: 'assertion-2' }]), { most: 20_000 });
    expect(searched.exhaustive).toBe(true);
  });

  it('is accepted once or not at all where an instance dies, in every order, at every step', async () => {
    const since = performance.now();
    const searched = await search(() => logins([ONE, ONE], 1), { most: 20_000 });
    report('Two copies, one death', searched, since);
    expect(searched.exhaustive).toBe(true);
  });

  it('is accepted once, of four copies, in orders at random', async () => {
    const since = performance.now();
    const searched = await search(() => logins([ONE, ONE, ONE, ONE]), {
      most: proveSize(300, 20_000),
      random: seeded(20_260_101),
    });
    report('Four copies', searched, since);
  });
});
