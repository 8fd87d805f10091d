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
import type { Scenario } from './scenario.js';
import { search, seeded, type System } from './search.js';

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

/** A protocol whose every response is right: what is left is whether it was used before. */
class RightProtocol extends SsoProtocol {
  override loginRequest(): Promise<LoginRequest> {
    return Promise.resolve({ url: '' });
  }

  override async verify(attempt: LoginAttempt): Promise<VerifiedResponse> {
    const { id, once } = attempt.response.body as Copy;
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

/** What a browser brings: a response with an id of its own, to a login. */
interface Copy {
  readonly id: string;
  readonly once: string;
}

/**
 * A login is open, and then used; a response is new, and then accepted. Whoever brings one asks an instance of his own; of
 * all that belong to one login, and of all copies of one response, one is accepted.
 */
function logins(copies: readonly Copy[], limits: Pick<System, 'deaths'> = {}): System {
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
    ...limits,
    store,
    processes: copies.map(({ id, once }, index) => ({
      name: `copy ${index}`,
      async run({ name }, shared) {
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
          outcomes.set(name, 'accepted');
        } catch (error) {
          outcomes.set(name, (error as { readonly code: string }).code);
        }
      },
    })),
    state: () => [...outcomes],
    check(dead) {
      const all = [...outcomes.values()];
      const accepted = copies.filter((_copy, index) => outcomes.get(`copy ${index}`) === 'accepted');
      const others = all.filter((outcome) => outcome !== 'accepted');
      const isOnce = (['id', 'once'] as const).every(
        (name) => new Set(accepted.map((copy) => copy[name])).size === accepted.length,
      );
      const isExplained = others.every((outcome) => ['sso.requestUsed', 'sso.replay'].includes(outcome));
      if (isOnce && isExplained && (dead.size > 0 || accepted.length > 0)) return;
      throw new Error(`${accepted.length} were accepted, ${dead.size} died: ${all.join(', ')}`);
    },
  };
}

const ONE = { id: '_login1', once: 'assertion-1' };
const TWO = { ...ONE, once: 'assertion-2' };
const OTHER = { id: '_login2', once: 'assertion-1' };
const ALL = { most: 200_000 };

export const LOGIN: readonly Scenario[] = [
  { name: 'two copies of a response', whole: 'always', search: () => search(() => logins([ONE, ONE]), ALL) },
  {
    name: 'two responses to one login',
    whole: 'always',
    search: () => search(() => logins([ONE, TWO]), ALL),
  },
  {
    name: 'one response to two logins',
    whole: 'always',
    search: () => search(() => logins([ONE, OTHER]), ALL),
  },
  {
    name: 'two copies, a death',
    whole: 'always',
    search: () => search(() => logins([ONE, ONE], { deaths: 1 }), ALL),
  },
  {
    name: 'three copies, two deaths',
    whole: 'full',
    search: (full) =>
      full
        ? search(() => logins([ONE, ONE, TWO], { deaths: 2 }), ALL)
        : search(() => logins([ONE, ONE, TWO], { deaths: 2 }), { most: 50, random: seeded(11) }),
  },
  {
    name: 'four copies and responses',
    whole: 'never',
    search: (full) =>
      search(() => logins([ONE, ONE, TWO, OTHER], { deaths: 1 }), {
        most: full ? 5_000 : 50,
        random: seeded(20_260_101),
      }),
  },
];
