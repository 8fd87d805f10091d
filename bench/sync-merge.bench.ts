import { type FieldWrite, merge, type MergeRules } from '../src/sync/merge/merge.js';
import type { Convert, FieldRule, FieldUnit, SideRecord } from '../src/sync/merge/side-record.js';
import { digestsOf } from '../src/sync/merge/side-record.js';
import { linkOf, linkText } from '../src/sync/sql/link-rows.js';
import { newLink, type SyncLink, type SyncSide, withBase } from '../src/sync/store/sync-link.js';
import { defineBench } from './harness.js';

type Values = Readonly<Record<string, unknown>>;

/** Records that take turns: as many as the engine decides together. */
const RECORDS = 50;

/** Twenty fields of the kinds that business records have. */
function valuesOf(n: number): Values {
  return {
    code: `C-${n}`,
    first_name: `Jo ${n}`,
    last_name: `Doe the ${n}th`,
    title: 'Dr',
    job_title: 'Head of purchasing',
    email: `jo.${n}@example.com`,
    phone: `+61 2 9999 ${n}`,
    street: `${n} Long Street`,
    city: 'Sydney',
    region: 'NSW',
    postal_code: 2_000 + n,
    country: 'AU',
    birth_date: '1980-02-29T00:00:00Z',
    notes: 'Prefers to be called in the morning, and not on Fridays.',
    credit_limit: 1_500.5 + n,
    discount: 0.05,
    is_customer: true,
    is_supplier: false,
    website: null,
    tags: ['buyer', `batch-${n % 7}`],
  };
}

const RULES: MergeRules = { writable: { app: true, connec: true }, conflict: 'newest' };
const UNITS: readonly FieldUnit[] = Object.keys(valuesOf(0)).map((name) => [ruleOf(name)]);
const plain: Convert = (_rule, _from, value) => ({ value });

function ruleOf(name: string): FieldRule {
  return {
    name,
    app: name,
    direction: 'both',
    refers: null,
    conflict: null,
    toConnec: null,
    toApp: null,
    equal: null,
    onCreate: {},
  };
}

/** A record of both sides, one field of either changed since they agreed. */
interface Pair {
  readonly link: SyncLink;
  readonly base: Values;
  readonly app: SideRecord;
  readonly connec: SideRecord;
}

function sideOf(side: SyncSide, values: Values, at: number): SideRecord {
  return {
    side,
    id: '1',
    version: at,
    at,
    born: null,
    values,
    digests: digestsOf(values),
    whole: () => null,
  };
}

function pairOf(n: number): Pair {
  const base = valuesOf(n);
  const agreed = digestsOf(base);
  const link = withBase(
    withBase(newLink('k', { app: '1', connec: 'c' }, 0), 'app', agreed),
    'connec',
    agreed,
  );
  return {
    // As it comes from a store.
    link: linkOf(linkText(link)),
    base,
    app: sideOf('app', { ...base, first_name: `Joanna ${n}` }, 2),
    connec: sideOf('connec', { ...base, city: 'Melbourne' }, 1),
  };
}

/** What is to be written, by side. */
interface Patches {
  readonly toApp: Values;
  readonly toConnec: Values;
}

/** As somebody writes it by hand, who kept the values that both sides had last: what differs from them is copied over. */
function byHand({ base, app, connec }: Pair): Patches {
  const toApp: Record<string, unknown> = {};
  const toConnec: Record<string, unknown> = {};
  for (const name of Object.keys(base)) {
    const before = JSON.stringify(base[name]);
    const appChanged = JSON.stringify(app.values[name]) !== before;
    const connecChanged = JSON.stringify(connec.values[name]) !== before;
    if (appChanged && !(connecChanged && connec.at >= app.at)) toConnec[name] = app.values[name];
    else if (connecChanged) toApp[name] = connec.values[name];
  }
  return { toApp, toConnec };
}

function merged({ link, app, connec }: Pair): {
  readonly toApp: readonly FieldWrite[];
  readonly toConnec: readonly FieldWrite[];
} {
  return merge(link, { app, connec }, UNITS, plain, RULES);
}

/** With what comes before it in a run: the digests of what was read. */
function readAndMerged({ link, base, app, connec }: Pair): ReturnType<typeof merged> {
  return merged({
    link,
    base,
    app: { ...app, digests: digestsOf(app.values) },
    connec: { ...connec, digests: digestsOf(connec.values) },
  });
}

/** Does it to one record after the other; none may say anything but that one field goes either way. */
function inTurn(work: (pair: Pair) => { readonly toApp: object; readonly toConnec: object }): () => void {
  const pairs = Array.from({ length: RECORDS }, (_, n) => pairOf(n));
  let next = 0;
  return () => {
    const { toApp, toConnec } = work(pairs[next]!);
    next = (next + 1) % RECORDS;
    if (Object.keys(toApp).length !== 1 || Object.keys(toConnec).length !== 1)
      throw new Error('One field of each side had changed.');
  };
}

/** How many records a CPU second takes. */
function rateOf(run: () => void, count: number): number {
  for (let done = 0; done < count / 4; done += 1) run();
  const before = process.cpuUsage();
  for (let done = 0; done < count; done += 1) run();
  const { user, system } = process.cpuUsage(before);
  return (count / (user + system)) * 1e6;
}

export default defineBench(
  {
    name: 'merge of records of 20 fields, 2 changed',
    probe: async ({ short }) => {
      const count = short ? 1_000 : 500_000;
      return {
        'records a CPU second': {
          value: rateOf(inTurn(merged), count),
          unit: '',
          goal: { atLeast: 100_000 },
        },
      };
    },
  },
  {
    name: 'merge of records of 20 fields, 2 changed, against JSON compared by hand',
    setup: () => ({
      baseline: inTurn(byHand),
      candidates: {
        'the merge alone': { run: inTurn(merged) },
        'with the digests of both sides': { run: inTurn(readAndMerged) },
      },
    }),
  },
);
