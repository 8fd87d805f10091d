import { MaestranoSyncError } from '../../../src/errors/sync.error.js';
import { SyncEngine } from '../../../src/sync/engine/sync-engine.js';
import { SYNC_DEFAULTS, type SyncSettings } from '../../../src/sync/engine/sync-settings.js';
import { MemorySyncStore } from '../../../src/sync/store/memory-sync-store.js';
import { dueNow } from '../../../src/sync/store/sync-link.js';
import type { SyncScope, SyncStore } from '../../../src/sync/store/sync-store.js';
import { EngineProcess, entityOf, sidesOf } from './world-sides.js';
import { Crash, World, type WorldOptions } from './world.js';

const SCOPE: SyncScope = { app: 'app', marketplace: 'acme', group: 'cld-1' };

/** What came of one history. */
export interface History {
  /** What the oracle found wrong. */
  readonly bad: ReadonlySet<string>;
  /** Whether the engine still wrote when nobody else did. */
  readonly restless: boolean;
  /** Whether the engine stopped because a side was restored. */
  readonly stopped: boolean;
  readonly world: World;
  readonly store: SyncStore;
}

/** A memory store that a dead process cannot reach any more. */
function storeFor(store: SyncStore, process: EngineProcess): SyncStore {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => process.alive(async () => Reflect.apply(value, target, args) as unknown);
    },
  });
}

/** Lets users, faults and the real engine at the two sides, until everybody had time to finish; the seed decides all. */
export async function history(seed: number, options: Partial<WorldOptions> = {}): Promise<History> {
  const world = new World(seed, options);
  const store = new MemorySyncStore();
  store.now = async () => world.now;
  const { o } = world;
  const settings: SyncSettings = {
    ...SYNC_DEFAULTS,
    restMs: o.restMs,
    sweepEveryMs: o.noSweep ? Number.POSITIVE_INFINITY : 100_000,
    confirmDeletesMs: 200_000,
    leaseMs: 5_000,
    timeoutMs: 5_000,
    concurrency: 1,
    firstRun: 'apply',
    brake: { floor: 1_000, share: 1, ceiling: 1_000 },
  };
  const conflict = o.rule === 'local' ? 'app' : o.rule === 'remote' ? 'connec' : 'newest';
  const realNow = Date.now;
  // Ahead in one history, behind in the next.
  const skew = seed % 2 === 0 ? o.skewMs : -o.skewMs;
  let cycles = 0;
  Date.now = () => world.now + (cycles % 2 === 0 ? 0 : skew);
  try {
    const cycle = async (): Promise<void> => {
      cycles += 1;
      const process = new EngineProcess();
      const { source, connec } = sidesOf(world, process);
      const released = o.release && world.opsLeft < o.userOps / 2;
      const entity = entityOf(source, conflict, released);
      const engine = new SyncEngine(storeFor(store, process), [entity], settings);
      const due = world.hintBox.filter((hint) => hint.due <= world.now);
      world.hintBox = world.hintBox.filter((hint) => hint.due > world.now);
      await store.hint(
        SCOPE,
        due.map(({ side, id }) => ({ entity: 'things', side, recordId: id, cause: 'notification' })),
      );
      const sides = {
        scope: SCOPE,
        connec,
        owner: { provider: 'app', realm: 'r' },
        tenant: 'cld-1',
        executor: null,
      };
      try {
        await engine.run(sides);
      } catch (error) {
        // A run whose calls took longer than its lease ends, and the next one goes on.
        const isLate = error instanceof MaestranoSyncError && error.code === 'sync.leaseLost';
        if (!(error instanceof Crash) && !isLate) throw error;
      }
    };
    for (let count = 0; count < 3; count += 1) world.user();
    for (let count = 0; count < 60 && (world.opsLeft > 0 || count < 6); count += 1) {
      await cycle();
      world.now += 20_000 + Math.floor(world.random() * 5_000);
      world.run();
      for (let one = 0; one < Math.max(1, o.burst); one += 1) {
        if (o.burst > 0) world.now += Math.floor(world.random() * 60_000);
        world.user();
      }
    }
    world.opsLeft = 0;
    world.faults = false;
    for (let count = 0; count < 12; count += 1) {
      world.now += 90_000;
      world.run();
      if (count === 0) await retryRejected(store);
      await cycle();
    }
    const before = world.effects;
    world.now += 90_000;
    await cycle();
    const stopped = (await store.stream(SCOPE, 'things')).stopped !== null;
    const bad = stopped ? world.judgeAlways() : world.judge(await leftToPerson(store));
    return { bad, restless: world.effects !== before, stopped, world, store };
  } finally {
    Date.now = realNow;
  }
}

/** A person has everything sent again that a side rejected. */
async function retryRejected(store: SyncStore): Promise<void> {
  const { links } = await store.page(SCOPE, 'things', { limit: 1_000, hold: 'quarantined' });
  const lease = await store.acquire(SCOPE, 1);
  if (lease === null || links.length === 0) return;
  const retried = links.map((link) => dueNow({ ...link, hold: null, attempts: 0 }, 'operator', Date.now()));
  await store.commit(lease, { entity: 'things', links: retried });
  await store.release(lease);
}

/** Ids of records that wait for a person, or for a later look: one of their sides is missing. */
async function leftToPerson(store: SyncStore): Promise<Set<string>> {
  const { links } = await store.page(SCOPE, 'things', { limit: 1_000 });
  const missing = links.filter(({ app, hold }) => hold?.kind === 'vanished' || app.missingSince !== null);
  return new Set(missing.flatMap(({ app, connec, gone }) => (gone ? [] : [app.id ?? '', connec.id ?? ''])));
}

/** A kind of world. */
export interface Setup {
  readonly options: Partial<WorldOptions>;
  /** How many histories of 300 may end wrong with every rule in place; docs/synchronization.md says why. */
  readonly expected: number;
}

/** How many of some histories may end wrong: their share, and two for chance where that is one in 300 or more. */
export function allowedLosses({ expected }: Setup, histories: number): number {
  const share = (expected / 300) * histories;
  return expected < 1 ? Math.round(share) : Math.ceil(share) + 2;
}

const NO_FAULTS = { crash: 0, ambiguous: 0 } as const;

export const SETUPS: Readonly<Record<string, Setup>> = {
  'crashes and lost answers': { options: {}, expected: 0 },
  'crashes and lost answers, before the next sweep': { options: { noSweep: true }, expected: 0 },
  'requests lost, runs far apart, before the next sweep': {
    options: { burst: 4, userOps: 24, lost: 0.15, noSweep: true },
    expected: 0,
  },
  'no faults': { options: NO_FAULTS, expected: 0 },
  // 17 of 640 of ours. The model has 4 of its first 300 (synchronization §16), and 44 of 2,000.
  'values repeat': { options: { values: 'few', ambiguous: 0.15 }, expected: 8 },
  'writes land late': { options: { late: 0.1 }, expected: 0 },
  'writes land later than the wait': { options: { late: 0.1, lateMs: 600_000 }, expected: 43 },
  'responses show a later state': { options: { laterAnswers: 0.3 }, expected: 0 },
  'rule app': { options: { rule: 'local', ambiguous: 0.15 }, expected: 0 },
  'rule connec': { options: { rule: 'remote', ambiguous: 0.15 }, expected: 0 },
  'newest, edits between runs only': { options: { ...NO_FAULTS, user: 0 }, expected: 0 },
  'newest, edits at any time': { options: NO_FAULTS, expected: 0 },
  'newest, four edits between runs': {
    options: { ...NO_FAULTS, user: 0, burst: 4, userOps: 24 },
    expected: 0,
  },
  'listed before it can be read': { options: { hideGet: 60_000 }, expected: 1 },
  'listed 100 s late': { options: { hideList: 100_000 }, expected: 0 },
  'listed 100 s late, before the next sweep': {
    options: { hideList: 100_000, noSweep: true },
    expected: 0,
  },
  'listed 10 minutes late': { options: { hideList: 600_000 }, expected: 0 },
  'listed 10 minutes late, before the next sweep': {
    options: { hideList: 600_000, noSweep: true },
    expected: 177,
  },
  'versions drawn before the commit, before the next sweep': {
    options: { ...NO_FAULTS, hideL: 60_000, noSweep: true },
    expected: 0,
  },
  'two processes, the clock of one 5 minutes off, before the next sweep': {
    options: { hideList: 100_000, late: 0.1, noSweep: true, skewMs: 300_000 },
    expected: 0,
  },
  'late notifications': { options: { hints: 0.7 }, expected: 0 },
  'notifications of our own writes': { options: { echoes: 0.8, ambiguous: 0.15 }, expected: 0 },
  'two edits in one second': { options: { ...NO_FAULTS, double: true, noSweep: true }, expected: 0 },
  'cut off by the platform': { options: { trunc: 4 }, expected: 0 },
  // 63 of 5,120 of ours, and 54 of as many while every record was read twice. The model has 2 of its first 300 (synchronization §16),
  // and 21 of 2,000.
  'archived and un-archived': { options: { arch: true }, expected: 4 },
  'records that are rejected': { options: { reject: 0.2 }, expected: 0 },
  'a field moves to another property': { options: { release: true }, expected: 0 },
  'amount and currency': { options: { pairs: true }, expected: 0 },
  'merged at the platform': { options: { merge: true }, expected: 4 },
  'deleted, and the id used again': { options: { reuse: true }, expected: 6 },
  'platform restored from a backup': { options: { restore: 'R' }, expected: 0 },
  'platform restored while a write was under way': {
    options: { restore: 'R', judgeUnderWay: true },
    expected: 2,
  },
  // 1 of 1,280: a lost row is as if it was deleted where the numbers look as before, and nothing else went back.
  'application restored from a backup': { options: { restore: 'L' }, expected: 0.24 },
};

/** Not a loss: the stamps of records decide between edits of a field, and an interrupted write can break a rule. */
export function losses(bad: ReadonlySet<string>): string[] {
  return [...bad].filter((kind) => kind !== 'older won' && kind !== 'rule broken');
}
