import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import type { UsageStore } from '../usage/store/usage-store.js';
import type { ContractCase } from './contract-case.js';
import { append, fact, SEPTEMBER, series, statement, step } from './usage-store-contract-parts.js';

/** A process that works on a store, for {@link usageStoreContract}. */
export interface UsageStoreWorker {
  /** What {@link usageStoreWork} acknowledged so far, in its order. */
  readonly acknowledged: readonly string[];
  /** Ends it with SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Times that two processes are killed, and facts of a batch of theirs. */
const [KILLS, BATCH] = [2, 5];

/** How long is waited for a process to begin, in milliseconds: the machine may be busy. */
const PATIENCE_MS = 60_000;

/**
 * Records batches of facts and seals them, again and again, until the process is killed. A line is acknowledged when the store
 * has resolved, and so has to be true from then on.
 *
 * @param id of the series, given to `startWorker`
 * @param acknowledge takes a line at once: written to the parent without any buffer, it is there although the process dies
 */
export async function usageStoreWork(
  store: UsageStore,
  id: string,
  acknowledge: (line: string) => void,
): Promise<void> {
  for (let round = 0; ; round += 1) {
    const ids = Array.from({ length: BATCH }, (_, index) => `${process.pid}-${round}-${index}`);
    await append(store, id, ...ids.map((one) => fact(one)));
    acknowledge(`facts ${ids.join(' ')}`);
    const snapshot = (await store.load(id))!;
    const [sums] = await store.sums([{ series: id, ...SEPTEMBER }], { open: true });
    const seq = (snapshot.series.state.chains[0]?.seq ?? 0) + 1;
    const made = step(snapshot, sums!.rows, seq);
    const row = { ...statement(seq), body: JSON.stringify({ rows: sums!.rows }) };
    if (!(await store.seal([{ ...made, statement: row }]))) continue;
    acknowledge(`statement ${seq}`);
    const mark = { chain: 'chain', seq, from: ['sealed'], to: 'billed', progress: row.progress } as const;
    if (await store.mark(id, mark)) acknowledge(`billed ${seq}`);
  }
}

/** What was acknowledged is there; what was written is there as a whole, or not at all. */
async function isAsAcknowledged(store: UsageStore, id: string, lines: readonly string[]): Promise<void> {
  const kept = new Map<string, number | null>();
  for (let after: string | null = null; ;) {
    const page = await store.facts(id, { ...SEPTEMBER, after, limit: 1_000 });
    for (const one of page) kept.set(one.id, one.statement);
    if (page.length < 1_000) break;
    after = page.at(-1)!.id;
  }
  const { series: row, periods } = (await store.load(id))!;
  const seq = row.state.chains[0]?.seq ?? 0;
  const counts = new Map<number, number>();
  for (const by of kept.values()) if (by !== null) counts.set(by, (counts.get(by) ?? 0) + 1);
  assert.equal(row.version, seq);
  assert.equal(periods.length, Math.min(1, seq));
  for (let number = 1; number <= seq; number += 1) {
    const found = (await store.statement(id, 'chain', number))!;
    const { rows } = JSON.parse(found.body) as { readonly rows: number };
    assert.equal(counts.get(number) ?? 0, rows, `statement ${number} states other facts than it claimed`);
  }
  assert.ok([...counts.keys()].every((number) => number <= seq));
  for (const line of lines) {
    const [what, ...names] = line.split(' ');
    if (what === 'facts')
      assert.ok(
        names.every((name) => kept.has(name)),
        `${line} is lost`,
      );
    else {
      const found = await store.statement(id, 'chain', Number(names[0]));
      assert.ok(found && (what === 'statement' || found.status === 'billed'), `${line} is lost`);
    }
  }
}

/** A server may carry out what a process sent before it was killed: what holds then, holds soon. */
async function isAtLast(check: () => Promise<void>): Promise<void> {
  const until = performance.now() + PATIENCE_MS / 6;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > until) throw error;
      await pause(100);
    }
  }
}

/** A case in which processes are killed while they write; none where nobody can start one. */
export function usageKillCases(
  makeStore: () => UsageStore | Promise<UsageStore>,
  { startWorker }: { readonly startWorker?: (series: string) => UsageStoreWorker },
): readonly ContractCase[] {
  if (!startWorker) return [];
  const run = async (): Promise<void> => {
    const store = await makeStore();
    try {
      const id = await series(store);
      const lines: string[] = [];
      for (let turn = 0; turn < KILLS; turn += 1) {
        const workers = [startWorker(id), startWorker(id)];
        try {
          const until = performance.now() + PATIENCE_MS;
          while (workers.some(({ acknowledged }) => acknowledged.length < 3)) {
            assert.ok(performance.now() < until, 'a worker did nothing');
            await pause(5);
          }
          // At no moment that anybody chose.
          await pause(Math.random() * 20);
        } finally {
          await Promise.all(workers.map((worker) => worker.kill()));
        }
        lines.push(...workers.flatMap(({ acknowledged }) => acknowledged));
        await isAtLast(() => isAsAcknowledged(store, id, lines));
      }
    } finally {
      await store.close();
    }
  };
  return [{ name: 'keeps what it acknowledged, whole, while processes are killed with SIGKILL', run }];
}
