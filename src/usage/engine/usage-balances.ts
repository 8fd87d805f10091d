import { MaestranoError } from '../../errors/maestrano.error.js';
import type { SealedStatement, UsageStatement } from '../statement/usage-statement.js';
import type { FoundStatement, SeriesRow, SeriesSnapshot, UsageChainState } from '../store/usage-records.js';
import { addAmounts } from './chain-amounts.js';
import { inHalves } from './in-halves.js';
import { unsealedOfMany, type UnsealedRequest } from './unsealed-statements.js';
import type { KnownCompany } from './usage-company.js';
import type { UsageContext } from './usage-context.js';

/** How long is asked for a company that nobody knows yet, in milliseconds, and for how many at the same time. */
const [ASK_MS, AT_ONCE] = [2_000, 8];

/** What a chain's money is worth by now. Decimal texts in the main unit. */
export interface UsageBalance {
  readonly marketplace: string;
  readonly group: string;
  readonly meter: string;
  readonly currency: string;
  /** Id of the chain. */
  readonly chain: string;
  /** What is carried on to the next statement: negative for a credit. */
  readonly carry: string;
  /** Stated, and not billed: on its way, held or refused. */
  readonly unsent: string;
  /**
   * Used, and in no statement yet: what the next statements would say by now, without what is carried. Null where it cannot be
   * computed: the company is not known, or the meter has no price in its currency, or is gone.
   */
  readonly open: string | null;
  /** When the company left; null while it is there. */
  readonly leftAt: Date | null;
}

/** Balances of some companies. */
export interface UsageBalancePage {
  readonly balances: readonly UsageBalance[];
  /** The `after` of the following page; null when nothing follows. */
  readonly next: string | null;
}

/** Looks at the money of chains, of many subjects with a few calls to the store. Changes nothing. */
export class UsageBalances {
  constructor(private readonly context: UsageContext) {}

  /** Those of up to 2,000 subjects, in their order; of a subject without a chain yet, one that has no id. */
  async of(subjects: readonly SeriesRow[]): Promise<readonly UsageBalance[]> {
    const balances: UsageBalance[] = [];
    if (subjects.length === 0) return balances;
    await inHalves(subjects, async (some) => void balances.push(...(await this.#ofSome(some))));
    return balances;
  }

  async #ofSome(subjects: readonly SeriesRow[]): Promise<readonly UsageBalance[]> {
    const { store } = this.context;
    const ids = subjects.map(({ id }) => id);
    const snapshots = (await store.loadMany(ids)).filter((one) => one !== null);
    const unsealed = await this.#unsealed(snapshots);
    const status = ['sealed', 'held', 'refused', 'expired', 'cancelling'] as const;
    const unsent = new Map<string, FoundStatement[]>(ids.map((id) => [id, []]));
    for (const one of await store.statementsOf(ids, status)) unsent.get(one.series)?.push(one);
    return snapshots.flatMap(({ series }) =>
      balancesOf(series, unsealed.get(series.id) ?? null, unsent.get(series.id) ?? []),
    );
  }

  /** What a close would state by now, with the present period, by series; nothing of those of which that cannot be said. */
  async #unsealed(
    snapshots: readonly SeriesSnapshot[],
  ): Promise<ReadonlyMap<string, readonly UsageStatement[]>> {
    const { store, now } = this.context;
    const requests = await this.#known(snapshots);
    const results = await unsealedOfMany(requests, { store, now: now(), open: true });
    const found = new Map<string, readonly UsageStatement[]>();
    for (const [index, result] of results.entries()) {
      if (!('error' in result)) found.set(requests[index]!.snapshot.series.id, result.statements);
      else if (!(result.error instanceof MaestranoError)) throw result.error;
    }
    return found;
  }

  /** Those whose meter is there, and whose company is known: asked for once each, a few at the same time. */
  async #known(snapshots: readonly SeriesSnapshot[]): Promise<readonly UnsealedRequest[]> {
    const { settings } = this.context;
    const companies = new Map<string, Promise<KnownCompany | null>>();
    const known: (UnsealedRequest | null)[] = [];
    const waiting = [...snapshots.entries()];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, snapshot] = next;
        const meter = settings.meters.get(snapshot.series.meter);
        const company = meter ? await this.#companyOf(snapshot.series, companies) : null;
        known[index] = meter && company ? { snapshot, meter, company } : null;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return known.filter((one) => one !== null);
  }

  async #companyOf(
    { marketplace, group, state }: SeriesRow,
    asked: Map<string, Promise<KnownCompany | null>>,
  ): Promise<KnownCompany | null> {
    if (state.company) return state.company;
    const name = JSON.stringify([marketplace, group]);
    const company = asked.get(name) ?? this.context.company({ marketplace, group }, { deadlineMs: ASK_MS });
    asked.set(name, company);
    try {
      return await company;
    } catch (error) {
      if (error instanceof MaestranoError) return null;
      throw error;
    }
  }
}

function balancesOf(
  { marketplace, group, meter, leftAt, state }: SeriesRow,
  unsealed: readonly UsageStatement[] | null,
  unsent: readonly FoundStatement[],
): UsageBalance[] {
  const chains: readonly Pick<UsageChainState, 'id' | 'currency' | 'carry'>[] = [
    ...state.chains,
    ...(unsealed ?? [])
      .filter(({ chain }, index, all) => all.findIndex((one) => one.chain === chain) === index)
      .filter(({ chain }) => !state.chains.some(({ id }) => id === chain))
      .map(({ chain, currency }) => ({ id: chain, currency, carry: '0' })),
  ];
  return chains.map(({ id, currency, carry }) => {
    const own = unsent.filter(({ chain }) => chain === id);
    const amounts = own.map(({ body }) => (JSON.parse(body) as SealedStatement).billed);
    return {
      marketplace,
      group,
      meter,
      currency,
      chain: id,
      carry,
      unsent: addAmounts('0', ...amounts),
      open: unsealed && openOf(unsealed.filter(({ chain }) => chain === id)),
      leftAt: leftAt === null ? null : new Date(leftAt),
    };
  });
}

/** Sum of all lines but those that only move money. */
function openOf(statements: readonly UsageStatement[]): string {
  const lines = statements.flatMap((statement) => statement.lines);
  return addAmounts('0', ...lines.filter(({ kind }) => kind !== 'writeOff').map(({ amount }) => amount));
}
