import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import type { MaestranoEvent } from '../../../src/events/event.interface.js';
import { MaestranoEvents } from '../../../src/events/maestrano-events.service.js';

afterEach(() => void jest.restoreAllMocks());

const REMOVED = {
  type: 'membership.removed',
  marketplace: 'uat',
  userUid: 'usr-1',
  groupUid: 'cld-1',
} as const;

describe('events', () => {
  it('are told to those who asked for them, until they stop', () => {
    const events = new MaestranoEvents();
    const [all, some]: [MaestranoEvent[], MaestranoEvent[]] = [[], []];
    events.onAny((event) => all.push(event));
    const stop = events.on('group.deleted', (event) => some.push(event));
    events.emit(REMOVED);
    events.emit({ type: 'group.deleted', marketplace: 'uat', groupUid: 'cld-1' });
    stop();
    events.emit({ type: 'group.deleted', marketplace: 'uat', groupUid: 'cld-2' });
    expect(all.map(({ type }) => type)).toEqual(['membership.removed', 'group.deleted', 'group.deleted']);
    expect(some).toEqual([
      { type: 'group.deleted', marketplace: 'uat', groupUid: 'cld-1', at: expect.any(Date) },
    ]);
    expect(Object.isFrozen(all[0])).toBe(true);
  });

  it('disturb nobody when a listener throws or rejects, and its text is not logged', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const events = new MaestranoEvents();
    const seen: string[] = [];
    events.onAny(() => {
      throw new Error('of Alma One');
    });
    events.onAny(() => Promise.reject(new Error('of Alma One')));
    events.onAny(({ type }) => seen.push(type));
    expect(() => events.emit(REMOVED)).not.toThrow();
    await Promise.resolve();
    await Promise.resolve();
    expect(seen).toEqual(['membership.removed']);
    expect(logged).toHaveBeenCalledTimes(2);
    expect(JSON.stringify(logged.mock.calls)).not.toContain('Alma');
  });

  it('may be listened to and left by a listener', () => {
    const events = new MaestranoEvents();
    let calls = 0;
    const stop = events.onAny(() => {
      calls += 1;
      stop();
      events.onAny(() => (calls += 10));
    });
    events.emit(REMOVED);
    expect(calls).toBe(1);
    events.emit(REMOVED);
    expect(calls).toBe(11);
  });
});
