import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { NotificationQueue } from '../connec/notifications/notification-queue.js';
import { DONE, idsOf, notification, type QueueCaseWork } from './notification-queue-case.js';

/** What a queue gives up: what is shown of it, what is kept, and what becomes of it (part of `notificationQueueContract`). */
export const DEAD_LETTER_CASES: Readonly<Record<string, (work: QueueCaseWork) => Promise<void>>> = {
  'gives up after the last attempt, newest first, and shows what is left': async ({ open, until }) => {
    const queue = await open({ attempts: 2 });
    await queue.start(async ({ resources }) => ({ remaining: resources, error: new Error('no room\0') }));
    for (const [n, id] of ['a', 'b', 'c'].entries()) {
      await queue.add(notification([id, `${id}2`]));
      await until(async () => (await queue.counts()).dead === n + 1, `${n + 1} dead letters`);
    }
    const letters = await queue.deadLetters();
    assert.equal(letters.length, 3);
    const [newest] = letters;
    assert.equal(newest!.marketplace, 'acme');
    assert.equal(newest!.attempts, 2);
    assert.match(newest!.reason, /no room/);
    assert.deepEqual(newest!.entities, { people: 2 });
    assert.ok(Math.abs(Date.parse(newest!.failedAt) - Date.now()) < 600_000, newest!.failedAt);
    assert.deepEqual(await queue.deadLetters({ offset: 1, limit: 1 }), [letters[1]]);
    assert.deepEqual(await queue.deadLetters({ limit: 0 }), []);
    assert.ok(letters[0]!.failedAt >= letters[2]!.failedAt, 'newest first');
  },

  'remembers what each attempt failed with, and what was left then': async ({ open, until }) => {
    const queue = await open({ attempts: 2 });
    await queue.start(async ({ resources }, attempt) => ({
      remaining: { people: resources['people']!.slice(attempt === 1 ? 0 : 1) },
      error: new Error(attempt === 1 ? 'the store is away' : 'no room\0'),
    }));
    await queue.add(notification(['a', 'b']));
    await until(async () => (await queue.counts()).dead === 1, 'a dead letter');
    const [letter] = await queue.deadLetters();
    assert.deepEqual(
      (letter!.history ?? []).map(({ reason, entities }) => [reason.slice(0, 7), entities['people']]),
      [
        ['the sto', 2],
        ['no room', 1],
      ],
    );
    assert.ok(letter!.history!.every(({ at }) => Math.abs(Date.parse(at) - Date.now()) < 600_000));
  },

  'keeps what was handled since an attempt out of lists, and only as long as its group is there': async ({
    open,
    until,
  }) => {
    const queue = await open({ attempts: 2 });
    const done = notification(['a'], { group: 'gone' }).resources;
    await queue.start(async ({ resources }, attempt) => ({
      remaining: attempt === 1 ? resources : { people: resources['people']!.slice(1) },
      error: new Error('no room'),
      ...(attempt === 1 ? {} : { done }),
    }));
    const [gone, stays] = [done['people']!, notification(['b']).resources['people']!];
    await queue.add({ ...notification([]), resources: { people: [...gone, ...stays] } });
    await until(async () => (await queue.counts()).dead === 1, 'a dead letter');
    const [listed] = await queue.deadLetters();
    assert.ok((listed!.history ?? []).every((attempt) => attempt.doneSince === undefined));
    const kept = (await queue.deadLetter(listed!.id))?.history?.[0]?.doneSince;
    if (kept) assert.deepEqual(kept, done);
    assert.equal(await queue.removeGroup('acme', 'gone', 0), 0);
    const after = await queue.deadLetter(listed!.id);
    assert.equal(JSON.stringify(after).includes('gone'), false);
    assert.deepEqual({ ...after?.entities }, { people: 1 });
    assert.equal(after?.reason, listed!.reason);
  },

  'replays and discards what was given up, and nothing else': async ({ open, until }) => {
    const queue = await open({ attempts: 2 });
    let isBroken = true;
    const seen: string[] = [];
    await queue.start(async ({ resources }, attempt) => {
      if (isBroken) return { remaining: resources, error: new Error('no room') };
      seen.push(`${idsOf(resources).join('+')} at ${attempt}`);
      return DONE;
    });
    for (const id of ['a', 'b', 'c']) await queue.add(notification([id]));
    await until(async () => (await queue.counts()).dead === 3, 'three dead letters');
    for (const unknown of ['no-such-id', randomUUID(), '1000000']) {
      assert.equal(await queue.replay(unknown), false);
      assert.equal(await queue.discard(unknown), false);
    }
    const [first, second] = await queue.deadLetters();
    // A queue may keep its entities to itself.
    const stored = await queue.deadLetter(first!.id);
    assert.deepEqual({ ...stored, resources: 0 }, { ...first, resources: 0 });
    if (queue.deadLetter === NotificationQueue.prototype.deadLetter) assert.equal(stored?.resources, null);
    else assert.equal(idsOf(stored?.resources ?? {}).length, 1);
    assert.equal(await queue.deadLetter(randomUUID()), null);
    assert.equal(await queue.discard(first!.id), true);
    assert.equal(await queue.discard(first!.id), false);
    assert.equal(await queue.replay(second!.id), true);
    assert.equal(await queue.replay(first!.id), false);
    await until(async () => (await queue.counts()).dead === 2, 'it failed again');
    isBroken = false;
    assert.equal(await queue.replayAll(), 2);
    await until(() => seen.length === 2, 'both are handled');
    assert.ok(
      seen.every((one) => one.endsWith(' at 1')),
      `all attempts again: ${seen.join(', ')}`,
    );
    assert.equal(await queue.replayAll(), 0);
  },
};
