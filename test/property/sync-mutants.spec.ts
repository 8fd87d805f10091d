import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';

import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { proveSize } from '../support/sizes.js';

const ROOT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** Histories that a mutant may survive at most. */
const HISTORIES = proveSize(60, 300);

/** A rule taken out: where, what stands there, and what instead. */
interface Mutant {
  readonly file: string;
  readonly cut: string;
  readonly by: string;
  /** Worlds that tell. */
  readonly setups: readonly string[];
  /** Where it takes more of them. */
  readonly histories?: number;
}

const FAULTS = ['crashes and lost answers'];

const MUTANTS: Readonly<Record<string, Mutant>> = {
  'no intent before a write': {
    file: 'src/sync/engine/write-records.ts',
    cut: 'intents: [...link.intents, intent]',
    by: 'intents: []',
    setups: FAULTS,
  },
  'the third word of a person counts as ours': {
    file: 'src/sync/merge/settle.ts',
    cut: 'settled = withBase(settled, otherSide(intent.side), only(unit, intent.from));',
    by: '',
    setups: ['rule connec'],
  },
  'one base for both sides': {
    file: 'src/sync/merge/merge.ts',
    cut: 'hasChanged(unit, connec, link.connec.base)',
    by: 'hasChanged(unit, connec, link.app.base)',
    setups: ['cut off by the platform'],
  },
  'reads begin behind the newest change': {
    file: 'src/sync/engine/connec-position.ts',
    cut: 'Math.max(anchorsFrom(stream, settings),',
    by: 'Math.max(connecHigh + 2_000,',
    setups: ['two edits in one second', 'versions drawn before the commit, before the next sweep'],
  },
  'what was listed once is settled': {
    file: 'src/sync/engine/connec-position.ts',
    cut: 'began - before.seen.at < overlapOf(stream, settings) + SECOND',
    by: 'false',
    setups: ['listed 100 s late, before the next sweep'],
  },
  'each process goes by its own clock': {
    file: 'src/sync/engine/shared-clock.ts',
    cut: 'const now = await store.now();',
    by: 'const now = Date.now();',
    setups: ['two processes, the clock of one 5 minutes off, before the next sweep'],
  },
  'the response is believed': {
    file: 'src/sync/merge/merge.ts',
    cut: "if (!isImage(value, got) && !(to === 'connec' && rule.equal?.(value, got))) continue;",
    by: '',
    setups: ['responses show a later state'],
  },
  'an image of what was sent flows back': {
    file: 'src/sync/merge/values.ts',
    cut: 'if (sameValue(sent, got)) return true;',
    by: 'return sameValue(sent, got);',
    setups: ['cut off by the platform'],
  },
  'a create without its key': {
    file: 'src/sync/engine/write-records.ts',
    cut: 'source.create(data, link.connec.id!)',
    by: "source.create(data, link.connec.id! + '/' + Math.random())",
    setups: FAULTS,
  },
  'a create at the platform without an id that comes back': {
    file: 'src/sync/engine/write-records.ts',
    cut: 'externalId: link.externalId!, changes',
    by: "externalId: link.externalId! + '~' + Date.now(), changes",
    setups: FAULTS,
  },
  'the whole record is written': {
    file: 'src/sync/merge/merge.ts',
    cut: 'toConnec: writes.connec,',
    by: 'toConnec: writes.connec.length > 0 ? units.flatMap((unit) => convertUnit(unit, app, convert).writes ?? []) : [],',
    setups: FAULTS,
  },
  'a record of unknown outcome is dropped': {
    file: 'src/sync/engine/batch.ts',
    cut: "{ ...dueNow(resting, 'retry', now), dueAt: restUntil }",
    by: '{ ...resting, dueAt: null, since: null, causes: [] }',
    setups: ['requests lost, runs far apart, before the next sweep'],
  },
  'no rest after an unknown outcome': {
    file: 'src/sync/engine/batch.ts',
    cut: 'const restUntil = now + Math.max(settings.restMs, longer);',
    by: 'const restUntil = now;',
    setups: ['writes land late'],
  },
  'fields that belong together are decided apart': {
    file: 'test/support/sync/world-sides.ts',
    cut: '[RULES.amount, RULES.currency]',
    by: '[RULES.amount], [RULES.currency]',
    setups: ['amount and currency'],
  },
  'what cannot be read is created again': {
    file: 'src/sync/engine/decide.ts',
    cut: 'if (free.connec.id !== null && connec === null) {',
    by: 'if (false) {',
    setups: ['merged at the platform'],
    histories: 2.5 * HISTORIES,
  },
  'a record under a used id is the old one': {
    file: 'src/sync/engine/decide.ts',
    cut: 'state.born !== null && record.born !== null && state.born !== record.born',
    by: 'false',
    setups: ['deleted, and the id used again'],
  },
  'an archive beats an edit beside it': {
    file: 'src/sync/merge/merge.ts',
    cut: 'if (!appChanged && !connecChanged) continue;',
    by: `if (!appChanged && !connecChanged) continue;
      if (unit[0].name !== 'arch' && units.some((one) => one[0].name === 'arch' && hasChanged(one, app, link.app.base))) {
        merged = withBase(merged, 'app', only(unit, app.digests));
        continue;
      }`,
    setups: ['archived and un-archived'],
  },
  'archived stays archived': {
    file: 'src/sync/merge/merge.ts',
    cut: 'const decision = decide(unit, link, records, { appChanged, connecChanged }, rules);',
    by: `const archived = unit[0].name === 'arch' && (app.values.arch || connec.values.arch);
      const decision = archived
        ? { unit, to: app.values.arch ? 'connec' : 'app', rule: '', conflict: false }
        : decide(unit, link, records, { appChanged, connecChanged }, rules);`,
    setups: ['archived and un-archived'],
  },
  'a survivor of a merge is written to': {
    file: 'src/sync/engine/decide.ts',
    cut: "return keep(held(free, look, 'merged', 'sync.merged', now, { others: [look.survivor.id] }));",
    by: "return keep(dueNow(withSide({ ...free, intents: [] }, 'connec', { id: null, seen: false, base: {} }), 'retry', now));",
    setups: ['merged at the platform'],
  },
  'a field that moved is taken for edited': {
    file: 'src/sync/engine/declaration.ts',
    cut: 'if (moved.length > 0) await rebase(context, moved, before!);',
    by: '',
    setups: ['a field moves to another property'],
  },
  'an older state counts as an edit': {
    file: 'src/sync/engine/restored.ts',
    cut: "typeof record.version === 'number' && typeof state.version === 'number' && record.version < state.version",
    by: 'false',
    setups: ['platform restored from a backup'],
  },
  'nobody minds that the application was restored': {
    file: 'src/sync/engine/restored.ts',
    cut: "const stop = { code: 'sync.restored', side,",
    by: "if (side === 'app') return undefined as never;\n  const stop = { code: 'sync.restored', side,",
    setups: ['application restored from a backup'],
  },
  'part written, and the failure of the other told as stale': {
    file: 'src/sync/source/composed.ts',
    cut: 'return this.#compose(await afterPart(updateMain), newPart);',
    by: `const newMain = await updateMain();
    return newMain === null || newMain === 'stale' ? 'stale' : this.#compose(newMain, newPart);`,
    setups: ['items of two records'],
  },
  'a cursor that runs ahead of commits': {
    file: 'test/support/sync/world-sides.ts',
    cut: 'at < world.now - SETTLE',
    by: 'at <= world.now',
    setups: ['versions drawn before the commit, before the next sweep'],
  },
};

describe('rules of the synchronization taken out one by one', () => {
  let sources: CompiledSources;

  beforeAll(() => {
    const support = ['world', 'world-sides', 'history', 'run-histories'];
    support.push('item-history', 'engine-bench', 'memory-connec', 'memory-source');
    sources = compileSources('sync-mutants', ...support.map((name) => `test/support/sync/${name}.ts`));
  });
  afterAll(() => sources.remove());

  /** What the histories of the setups show with the text in the file of the mutant. */
  async function caught(text: string, { file, setups, histories = HISTORIES }: Mutant): Promise<string[]> {
    const path = sources.path(file);
    const whole = readFileSync(path, 'utf8');
    const { code } = transformSync(text, {
      swcrc: false,
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    });
    writeFileSync(path, code);
    try {
      const script = sources.path('test/support/sync/run-histories.ts');
      const args = [script, JSON.stringify(setups), String(histories)];
      const { stdout } = await run(process.execPath, args);
      return JSON.parse(stdout) as string[];
    } finally {
      writeFileSync(path, whole);
    }
  }

  it.each(Object.entries(MUTANTS))(
    'check 25: is noticed: %s',
    async (_name, mutant) => {
      const { file, cut, by } = mutant;
      const text = readFileSync(join(ROOT, file), 'utf8');
      expect(text.split(cut)).toHaveLength(2);
      expect(
        await caught(
          text.replace(cut, () => by),
          mutant,
        ),
      ).not.toEqual([]);
    },
    300_000,
  );
});
