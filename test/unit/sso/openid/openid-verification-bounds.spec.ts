import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { Logger } from '@nestjs/common';

import { CallQueue } from '../../../../src/sso/openid/call-queue.js';
import { forge, OpenIdLogins } from '../../../support/openid/openid-logins.js';
import { OpenIdProvider } from '../../../support/openid/openid-provider.js';

const provider = new OpenIdProvider();
let app: OpenIdLogins;

beforeAll(() => {
  Logger.overrideLogger(false);
  return provider.start();
});
afterAll(() => provider.close());
beforeEach(() => {
  provider.reset();
  app = new OpenIdLogins(provider);
});

/** The outcomes of as many different forgeries. */
async function forgeries(count: number, response: (tamper: (query: URLSearchParams) => void) => object) {
  const outcomes: string[] = [];
  for (let number = 0; number < count; number += 1) {
    outcomes.push(await app.outcome(response((query) => forge(query, number)) as never));
  }
  return outcomes;
}

describe('questions to the provider about one login', () => {
  it('are three for the browser that began it; then that login is over, and no other', async () => {
    const login = await app.begin();
    expect(await forgeries(6, login.response)).toEqual([
      ...Array.from({ length: 3 }, () => 'openid.verification'),
      ...Array.from({ length: 3 }, () => 'openid.exhausted'),
    ]);
    expect(provider.verifications).toBe(3);
    expect(await app.outcome(login.response())).toBe('openid.exhausted');
    expect(await app.outcome((await app.begin()).response())).toBe('accepted');
  });

  it('are one for whoever brings no cookie, which takes none from the browser that began it', async () => {
    const login = await app.begin();
    // Who knows the ID of the login alone does not know what the provider is going to answer.
    const made = (tamper: (query: URLSearchParams) => void) =>
      login.stray((query) => {
        query.set('openid.assoc_handle', 'made-up');
        tamper(query);
      });
    expect(await forgeries(100, made)).toEqual([
      'openid.verification',
      ...Array.from({ length: 99 }, () => 'openid.exhausted'),
    ]);
    expect(provider.verifications).toBe(1);
    expect(await app.outcome(login.response())).toBe('accepted');
  });

  it('are as few when all come at once, on two instances', async () => {
    const login = await app.begin();
    const { logins } = app.instance();
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, number) =>
        app.outcome(
          login.response((query) => forge(query, number)),
          number % 2 ? logins : app.logins,
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'openid.verification')).toHaveLength(3);
    expect(provider.verifications).toBe(3);
  });

  it('are none for a response that was judged already', async () => {
    const login = await app.begin();
    for (let time = 0; time < 10; time += 1) {
      expect(await app.outcome(login.response((query) => forge(query)))).toBe('openid.verification');
    }
    expect(provider.verifications).toBe(1);
  });

  it('are one for a response that is posted again meanwhile, also on another instance', async () => {
    provider.slowness = 300;
    const login = await app.begin();
    const { logins } = app.instance();
    const outcomes = await Promise.all(
      [app.logins, app.logins, logins, logins].map((one) => app.outcome(login.response(), one)),
    );
    expect(outcomes.sort()).toEqual(['accepted', 'sso.requestUsed', 'sso.requestUsed', 'sso.requestUsed']);
    expect(provider.verifications).toBe(1);
  });

  it.each([
    ['503', 503],
    ['429', 429],
    ['a broken connection', 0],
  ])('are asked again after %s, twice at most', async (_, failure) => {
    const login = await app.begin();
    provider.failures = [failure];
    expect(await app.outcome(login.response())).toBe('accepted');
    const other = await app.begin();
    provider.failures = [failure, failure];
    expect(await app.outcome(other.response())).toBe('accepted');
  });

  it('are five in all where no response comes; until then, the login can be tried again', async () => {
    const login = await app.begin();
    provider.crashesAt = () => true;
    expect(await app.outcome(login.response())).toBe('openid.unavailable');
    expect(provider.verifications).toBe(3);
    expect(await app.outcome(login.response())).toBe('openid.unavailable');
    expect(provider.verifications).toBe(4);
    provider.crashesAt = () => false;
    expect(await app.outcome(login.response())).toBe('accepted');
    expect(provider.verifications).toBe(5);

    const hopeless = await app.begin();
    provider.verifications = 0;
    provider.crashesAt = () => true;
    const outcomes = [];
    for (let time = 0; time < 6; time += 1) outcomes.push(await app.outcome(hopeless.response()));
    expect(outcomes.slice(3)).toEqual(['openid.exhausted', 'openid.exhausted', 'openid.exhausted']);
    expect(provider.verifications).toBe(5);
  });

  it('shut nobody else out, when the provider fails at what a stranger sends', async () => {
    provider.crashesAt = (form) => form.has('openid.ns.ax2');
    const crash = (query: URLSearchParams): void =>
      query.set('openid.ns.ax2', 'http://openid.net/srv/ax/1.0');
    const strangers = await Promise.all(Array.from({ length: 12 }, () => app.begin()));
    const outcomes = await Promise.all(strangers.map((login) => app.outcome(login.response(crash))));
    expect(new Set(outcomes)).toEqual(new Set(['openid.unavailable']));
    expect(await app.outcome((await app.begin()).response())).toBe('accepted');
  });
});

describe('the queue of questions', () => {
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('lets so many go at a time, those with a cookie first, and refuses nobody', async () => {
    const queue = new CallQueue(2, 60_000);
    const begun: string[] = [];
    const ends: (() => void)[] = [];
    const ask = (name: string, preferred: boolean): Promise<void> =>
      queue.run(preferred, () => {
        begun.push(name);
        return new Promise((resolve) => ends.push(resolve));
      });
    const all = [
      ...['a', 'b', 'c', 'd'].map((name) => ask(name, false)),
      ...['x', 'y'].map((name) => ask(name, true)),
    ];
    await settled();
    expect(begun).toEqual(['a', 'b']);
    for (let end = 0; end < 6; end += 1) {
      ends[end]?.();
      await settled();
    }
    await Promise.all(all);
    expect(begun).toEqual(['a', 'b', 'x', 'y', 'c', 'd']);
  });

  it('keeps nobody longer than so long', async () => {
    const queue = new CallQueue(1, 20);
    let release = (): void => undefined;
    const first = queue.run(true, () => new Promise<void>((resolve) => (release = resolve)));
    expect(await queue.run(false, () => Promise.resolve('made'))).toBe('made');
    release();
    await first;
  });

  it('goes on after a call that failed', async () => {
    const queue = new CallQueue(1, 60_000);
    const failed = queue.run(true, () => Promise.reject(new Error('failed')));
    const next = queue.run(true, () => Promise.resolve('made'));
    await expect(failed).rejects.toThrow('failed');
    expect(await next).toBe('made');
  });
});
