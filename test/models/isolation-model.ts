import { ChargeCollection } from '../../src/account/charge.collection.js';
import { ChargeIntents } from '../../src/account/ledger/charge-intents.service.js';
import { ChargeLedger } from '../../src/account/ledger/charge-ledger.service.js';
import { BILLS } from '../../src/account/resources/bill.js';
import { ConnecDelivery, DeliveryRecords } from '../../src/connec/notifications/connec-delivery.js';
import { DeliveryLedger } from '../../src/connec/notifications/delivery-ledger.js';
import { MaestranoEvents } from '../../src/events/maestrano-events.service.js';
import type { MaestranoSessionData } from '../../src/interfaces/session.interface.js';
import { BasicAuthenticator } from '../../src/security/basic-authenticator.service.js';
import { CredentialLockout } from '../../src/security/credential-lockout.service.js';
import { SessionRevocations } from '../../src/session/session-revocations.service.js';
import { LoginTransactionService } from '../../src/sso/login/login-transaction.service.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { basicOf, registeredMarketplace, registryOf } from '../support/marketplaces.js';
import { settingsOf } from '../support/settings.js';
import { ChargeMarket, MarketClient } from './charge-market.js';
import { type Machine, type Replica, searchMachine } from './machine.js';
import type { Scenario } from './scenario.js';
import { seeded, type Turns } from './search.js';

/** Two companies at two marketplaces, which have the same ids everywhere. */
const COMPANIES = ['acme cld-1', 'acme cld-2', 'globex cld-1'] as const;
type Company = (typeof COMPANIES)[number];

/** What one company does, or is done for it. */
const ACTS = ['begin', 'respond', 'notify', 'charge', 'remove', 'visit'] as const;

interface Event {
  readonly company: Company;
  readonly act: (typeof ACTS)[number];
}

/** What became of one company. */
interface Own {
  readonly login: 'none' | 'begun' | 'used';
  readonly handled: boolean;
  readonly charged: boolean;
  readonly removed: boolean;
  /** What was seen last. */
  readonly seen: string;
}

type State = Readonly<Record<Company, Own>> & { readonly last: Company | null };

const NEW: Own = { login: 'none', handled: false, charged: false, removed: false, seen: '' };

/** What a company sees follows from its own acts, whatever others do. */
const APART: Machine<State, Event> = {
  start: { 'acme cld-1': NEW, 'acme cld-2': NEW, 'globex cld-1': NEW, last: null },
  events: COMPANIES.flatMap((company) => ACTS.map((act) => ({ company, act }))),
  tail: COMPANIES.map((company) => ({ company, act: 'visit' })),
  next: (state, { company, act }) => ({
    ...state,
    [company]: after(state[company], act, company),
    last: company,
  }),
  seen: ({ last, ...companies }) => last && companies[last].seen,
};

function after(own: Own, act: Event['act'], company: Company): Own {
  switch (act) {
    case 'begin':
      // Ids of logins are drawn once.
      return own.login === 'none' ? { ...own, login: 'begun', seen: 'begun' } : { ...own, seen: 'known' };
    case 'respond':
      return own.login === 'begun'
        ? { ...own, login: 'used', seen: `login of ${company}` }
        : { ...own, seen: own.login === 'used' ? 'used' : 'unknown' };
    case 'notify':
      return { ...own, handled: true, seen: own.handled ? 'duplicate' : 'handled' };
    case 'charge':
      return { ...own, charged: true, seen: `a charge of ${company}` };
    case 'remove':
      return { ...own, removed: true, seen: `authenticated ${company.split(' ')[0]}` };
    case 'visit':
      return { ...own, seen: own.removed ? 'closed' : 'open' };
  }
}

const { sso, session, webhooks } = settingsOf();
const ALONE: Turns = {
  name: 'alone',
  step: () => Promise.resolve(),
  choose: () => Promise.resolve(0),
  fault: () => Promise.resolve(0),
  sometime: () => Promise.resolve(),
  learn: () => undefined,
  spawn: () => undefined,
};

/** One application with one store, for all of them. */
async function replica(): Promise<Replica<Event>> {
  const store = new MemoryStore();
  const marketplaces = new Map(['acme', 'globex'].map((name) => [name, registeredMarketplace(name)]));
  const markets = new Map(
    [...marketplaces.keys()].map((name) => [name, new ChargeMarket(1, [], (text) => text)]),
  );
  const registry = registryOf(...marketplaces.values());
  const authenticator = new BasicAuthenticator(registry, new CredentialLockout(webhooks));
  const transactions = new LoginTransactionService(store, sso);
  const ledger = new DeliveryLedger(store, { leaseMs: 30_000, rememberMs: 3_600_000 });
  const revocations = new SessionRevocations(store, session);
  const memory = {
    ledger: new ChargeLedger(store),
    intents: new ChargeIntents(store),
    events: new MaestranoEvents(),
    settings: { settleMs: 1, deadlineMs: 60_000, rememberMs: 3_600_000 },
  };
  const signedInAt = new Date();
  const begun = new Set<string>();
  const acts = {
    async begin(name: string, group: string) {
      if (begun.has(`${name} ${group}`)) return 'known';
      begun.add(`${name} ${group}`);
      const login = { id: `_${group}`, marketplace: name, startedAt: Date.now(), returnTo: null };
      await transactions.save({ ...login, params: { company: `${name} ${group}` } });
      return 'begun';
    },
    async respond(name: string, group: string) {
      const marketplace = marketplaces.get(name)!;
      const taken = await transactions.take(marketplace, `_${group}`);
      if (taken) return `login of ${taken.params.company}`;
      return (await transactions.wasTaken(marketplace, `_${group}`)) ? 'used' : 'unknown';
    },
    async notify(name: string, group: string) {
      const source = { marketplace: marketplaces.get(name)!, attempt: 1, identity: 'version' } as const;
      const records = new DeliveryRecords(source, group, 'people');
      const delivery = new ConnecDelivery(records, { id: 'p-1', updated_at: '2026-01-01T10:00:00Z' });
      const [decision] = await ledger.claim([delivery], await ledger.read([delivery]));
      if (typeof decision !== 'object') return decision;
      await ledger.complete([{ claim: decision, result: 'handled' }]);
      return 'handled';
    },
    async charge(name: string, group: string) {
      const market = markets.get(name)!;
      const marketplace = marketplaces.get(name)!;
      const scope = { client: new MarketClient(market, ALONE), marketplace: () => marketplace };
      const bills = new ChargeCollection(scope, () => Promise.resolve(BILLS), memory);
      const bill = { groupId: group, priceCents: 100, description: name };
      const { groupId, description } = await bills.createOnce(`invoice of ${group}`, bill);
      const isOnce = market.kept.filter(({ group_id }) => group_id === group).length === 1;
      return isOnce ? `a charge of ${description} ${groupId}` : 'another number of charges than one';
    },
    async remove(name: string, group: string) {
      // Every route leads here, and no name but the one of the credentials.
      const proved = authenticator.authenticate(basicOf(name), 'any')?.name;
      const others = registry.list().filter((marketplace) => marketplace.name !== name);
      if (authenticator.authenticate(basicOf(name), others)) return 'authenticated as another';
      if (proved !== undefined) await revocations.closeMembership(proved, group, 'usr-1');
      return `authenticated ${proved}`;
    },
    async visit(name: string, group: string) {
      const data = { marketplace: name, groupUid: group, userUid: 'usr-1', signedInAt };
      return (await revocations.isClosed(data as MaestranoSessionData)) ? 'closed' : 'open';
    },
  };
  return {
    apply({ company, act }) {
      const [name = '', group = ''] = company.split(' ');
      return acts[act](name, group);
    },
    close: () => undefined,
  };
}

export const ISOLATION: readonly Scenario[] = [
  {
    name: 'three companies, two marketplaces',
    whole: 'never',
    search: (full) => searchMachine(APART, replica, { depth: full ? 3 : 2, most: 200_000 }),
  },
  {
    name: 'the same, long histories',
    whole: 'never',
    search: (full) =>
      searchMachine(APART, replica, { depth: 30, most: full ? 5_000 : 40, random: seeded(9) }),
  },
];
