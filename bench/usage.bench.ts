import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { pgExecutor, type PgPool } from '../src/sql/executors/pg-executor.js';
import { migrateSql } from '../src/sql/migrations/sql-schema.js';
import type { UsageBilling, UsageContext } from '../src/usage/engine/usage-context.js';
import { knownCompany } from '../src/usage/engine/usage-company.js';
import type { UsageFact } from '../src/usage/meters/usage-fact.js';
import { SqlUsageStore } from '../src/usage/sql/sql-usage-store.js';
import { UsageOperations } from '../src/usage/usage-operations.js';
import { resolveUsageSettings } from '../src/usage/usage-settings.js';
import { defineBench } from './harness.js';

/** What a loop that inserts and sums row by row is measured with. */
const BY_HAND = { short: 500, full: 20_000 } as const;
const FACTS = { short: 5_000, full: 1_000_000 } as const;
const COMPANIES = { short: 20, full: 1_000 } as const;
const BATCH = 500;
/** Facts that are made at once. */
const MADE = 50_000;
const DAY = 86_400_000;
/** Days of usage, and those after which everything is closed. */
const DAYS = 95;
const CLOSINGS = [32, 63, 94, 130];
const START = Date.UTC(2026, 0, 1);

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}
interface Servers {
  readonly sqlTestsInstalled: boolean;
  sqlServers(): Readonly<Record<'postgres' | 'mariadb', string | null>>;
  startPostgres(): Promise<Server>;
}
interface Client {
  query(...given: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}
interface Pg {
  readonly Client: { readonly prototype: Client };
  readonly Pool: new (options: object) => PgPool & Client & { end(): Promise<void> };
}

const root = process.cwd();
const load = createRequire(join(root, 'test/sql/package.json'));
const servers = (await import(pathToFileURL(join(root, 'test/support/sql-servers.mjs')).href)) as Servers;

/** Seconds of CPU, the backend's included, and statements. */
interface Cost {
  readonly cpu: number;
  readonly trips: number;
}

/** CPU of a process of PostgreSQL so far, in seconds; of hundredths, as Linux counts them. */
function backendSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** A fact, and when it is sent. */
interface SentFact {
  readonly sentAt: number;
  readonly fact: UsageFact;
}

/** Facts of many companies as they come: 5 of a hundred twice, 5 late by up to 20 days. */
function* factsOf(count: number, companies: number): Generator<SentFact, undefined> {
  let state = 7;
  const random = (): number => {
    state = (Math.imul(state ^ (state >>> 15), 1 | state) + 0x6d2b79f5) | 0;
    return ((state ^ (state >>> 14)) >>> 0) / 4_294_967_296;
  };
  let last: UsageFact | null = null;
  for (let index = 0; index < count; index += 1) {
    const sentAt = START + (index / count) * DAYS * DAY;
    const isDoubled = random() < 0.05;
    const late = random() < 0.05 ? random() * 20 * DAY : 0;
    const group = `cld-${Math.floor(random() * companies)}`;
    const quantity = String(1 + Math.floor(random() * 9));
    const fact: UsageFact =
      isDoubled && last
        ? last
        : {
            marketplace: 'one',
            group,
            meter: 'sms',
            id: `message-${index}`,
            at: new Date(Math.max(START, Math.floor(sentAt - late))),
            quantity,
          };
    last = fact;
    yield { sentAt, fact };
  }
}

const missing = servers.sqlTestsInstalled
  ? servers.sqlServers().postgres
  : 'usage, for which npm ci --prefix test/sql is needed';
if (missing !== null) console.warn(`Not measured: ${missing}.`);

export default missing === null
  ? defineBench({
      name: 'usage on PostgreSQL',
      probe: async ({ short }) => {
        const size = short ? 'short' : 'full';
        const [count, companies] = [FACTS[size], COMPANIES[size]];
        const server = await servers.startPostgres();
        const { Client: PgClient, Pool } = load('pg') as Pg;
        let trips = 0;
        const query = PgClient.prototype.query;
        PgClient.prototype.query = function (this: Client, ...given: unknown[]) {
          trips += 1;
          return query.apply(this, given);
        };
        const pool = new Pool({ connectionString: server.url, max: 1 });
        try {
          await migrateSql(pgExecutor(pool));
          const { rows } = await pool.query('select pg_backend_pid() as pid');
          const pid = Number(rows[0]!['pid']);
          const cost = (): { readonly node: number; readonly backend: number; readonly trips: number } => {
            const { user, system } = process.cpuUsage();
            return { node: (user + system) / 1e6, backend: backendSeconds(pid), trips };
          };
          const measured = async (work: () => Promise<void>): Promise<Cost> => {
            const before = cost();
            await work();
            const after = cost();
            return {
              cpu: after.node + after.backend - before.node - before.backend,
              trips: after.trips - before.trips,
            };
          };

          let cents = 0;
          const billing: UsageBilling = {
            createOnce: async (_marketplace, key, { priceCents }) => {
              cents += priceCents;
              return key;
            },
            find: async () => null,
            cancel: async () => undefined,
          };
          let now = START;
          const store = new SqlUsageStore(pgExecutor(pool), { timeoutMs: 60_000 });
          const settings = resolveUsageSettings({
            store,
            schedule: 'off',
            meters: {
              sms: { aggregate: 'sum', label: 'SMS', prices: { AUD: [{ model: 'unit', unit: '0.075' }] } },
            },
          });
          const context: UsageContext = {
            settings,
            store,
            billing,
            company: async () => knownCompany({ currency: 'AUD', zone: 'UTC' }),
            emit: async () => undefined,
            now: () => now,
          };
          const usage = new UsageOperations(context);
          let units = 0;
          const all = factsOf(count, companies);
          let next = all.next();
          /** Some of those that are sent until then, and were not yet. */
          const sentUntil = (to: number): UsageFact[] => {
            const some: UsageFact[] = [];
            for (; !next.done && next.value.sentAt < to && some.length < MADE; next = all.next())
              some.push(next.value.fact);
            return some;
          };
          /** Facts are made beside the measurement. */
          const record = async (to: number): Promise<Cost> => {
            now = Math.min(to, START + DAYS * DAY);
            let sum: Cost = { cpu: 0, trips: 0 };
            for (let some = sentUntil(to); some.length > 0; some = sentUntil(to)) {
              const results: string[] = [];
              const cost = await measured(async () => {
                for await (const { result } of usage.recordMany(some, { batch: BATCH })) results.push(result);
              });
              sum = { cpu: sum.cpu + cost.cpu, trips: sum.trips + cost.trips };
              for (const [place, { quantity }] of some.entries())
                if (results[place] === 'recorded' || results[place] === 'late') units += Number(quantity);
            }
            return sum;
          };
          let recording: Cost = { cpu: 0, trips: 0 };
          let closing: Cost = { cpu: 0, trips: 0 };
          let statements = 0;
          globalThis.gc?.();
          const memory = process.memoryUsage().heapUsed;
          for (const day of CLOSINGS) {
            const to = START + day * DAY;
            const recorded = await record(to);
            recording = { cpu: recording.cpu + recorded.cpu, trips: recording.trips + recorded.trips };
            now = to + 5 * DAY;
            const closed = await measured(async () => {
              const { sealed, failed } = await usage.close();
              if (failed.length > 0) throw failed[0]!.error;
              statements += sealed.length;
            });
            closing = { cpu: closing.cpu + closed.cpu, trips: closing.trips + closed.trips };
          }
          globalThis.gc?.();
          const grown = process.memoryUsage().heapUsed - memory;
          let carried = 0;
          let open = 0;
          for (const balance of await usage.balances()) {
            carried += Number(balance.carry);
            open += Number(balance.open ?? 0);
          }
          if (Math.abs(cents / 100 + carried + open - units * 0.075) > 0.001)
            throw new Error('The books do not agree.');

          const byHand = await measured(() => rowByRow(pool, BY_HAND[size]));
          const perFact = (recording.cpu / count) * 1e6;
          const perRow = (byHand.cpu / BY_HAND[size]) * 1e6;
          return {
            'CPU of a million facts and four closings, backend included': {
              value: ((recording.cpu + closing.cpu) / count) * 1e6,
              unit: 's',
              ...(short ? {} : { goal: { atMost: 60 } }),
            },
            'CPU a fact': { value: perFact, unit: 'us' },
            'round trips for 100 facts': {
              value: (recording.trips / count) * 100,
              unit: '',
              goal: { atMost: 1 },
            },
            'round trips for 100 facts, closings included': {
              value: ((recording.trips + closing.trips) / count) * 100,
              unit: '',
              // A closing of few companies costs as much as one of many.
              ...(short ? {} : { goal: { atMost: 1 } }),
            },
            'round trips a statement': { value: closing.trips / Math.max(1, statements), unit: '' },
            'row by row, CPU over ours': {
              value: perRow / perFact,
              unit: 'x',
              ...(short ? {} : { goal: { atLeast: 5 } }),
            },
            'row by row, round trips over ours': {
              value: byHand.trips / BY_HAND[size] / (recording.trips / count),
              unit: 'x',
              goal: { atLeast: 100 },
            },
            'memory that is kept': { value: grown / 2 ** 20, unit: 'MiB', goal: { atMost: 64 } },
          };
        } finally {
          PgClient.prototype.query = query;
          await pool.end();
          await server.stop();
        }
      },
    })
  : defineBench();

/** As somebody writes it by hand: a row a message, where it is not there yet, and the sum of its company. */
async function rowByRow(pool: Client, count: number): Promise<void> {
  await pool.query(
    'create table by_hand (company text, id text, at_ms bigint, quantity numeric, primary key (company, id))',
  );
  await pool.query('create table by_hand_sum (company text primary key, quantity numeric)');
  for (const { fact } of factsOf(count, 100)) {
    const { group, id, at, quantity } = fact;
    const { rows } = await pool.query(
      'insert into by_hand (company, id, at_ms, quantity) values ($1, $2, $3, $4) on conflict do nothing returning id',
      [group, id, at.getTime(), quantity],
    );
    if (rows.length === 0) continue;
    await pool.query(
      `insert into by_hand_sum (company, quantity) values ($1, $2)
       on conflict (company) do update set quantity = by_hand_sum.quantity + excluded.quantity`,
      [group, quantity],
    );
  }
}
