import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { Sandbox } from '../../src/sandbox/index.js';
import type { TestApplication } from '../support/application.js';
import { freePort } from '../support/free-port.mjs';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { marketplaceInput } from '../support/marketplaces.js';
import { locationOf, OpenIdBrowser } from '../support/openid/openid-browser.js';
import { OpenIdProvider } from '../support/openid/openid-provider.js';
import { stormSize } from '../support/sizes.js';
import { bootSsoApp } from './sso-app.js';

const provider = new OpenIdProvider();
beforeAll(() => provider.start());
afterAll(() => provider.close());

/** A thousand over the four ways in the suite, a thousand each under `npm run storm`. */
const HOSTILE = stormSize(250, 1_000);
/** Hostile responses under way at a time. */
const AT_ONCE = 40;

const WAYS = HTTP_ADAPTERS.flatMap((httpAdapter) => [
  { httpAdapter, way: 'by an association', sessionTypes: ['DH-SHA256'] },
  { httpAdapter, way: 'by asking the provider', sessionTypes: [] },
]);

/** Responses that nobody should believe. Who does not know the right one has to make up a handle too. */
const spoil = (back: string, number: number, known: boolean): string => {
  const url = new URL(back);
  if (!known) url.searchParams.set('openid.assoc_handle', `made-up-${number}`);
  if (number % 2) url.searchParams.set('openid.sig', Buffer.from(`forged ${number}`).toString('base64'));
  // The provider cannot read this one, and answers 500.
  else url.searchParams.set('openid.ns.again', `http://openid.net/srv/ax/1.0#${number}`);
  return url.href;
};

/** Does all of this, so many at a time. */
async function inTurns(count: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

describe.each(WAYS)('on $httpAdapter, judged $way,', ({ httpAdapter, sessionTypes }) => {
  let app: TestApplication;
  let init: string;

  beforeAll(async () => {
    const port = await freePort();
    const host = `http://127.0.0.1:${port}`;
    const initPath = '/maestrano/auth/openid/init/uat';
    const uat = marketplaceInput('uat', {
      app: { host },
      api: { host: provider.url },
      sso: { protocol: 'openid', init_path: initPath, consume_path: '/maestrano/auth/openid/consume/uat' },
    });
    provider.sessionTypes = sessionTypes;
    app = await bootSsoApp(httpAdapter, { options: { marketplaces: [uat] } } as unknown as Sandbox, { port });
    init = host + initPath;
  });
  afterAll(() => app.close());
  beforeEach(() => {
    provider.reset();
    provider.sessionTypes = sessionTypes;
    provider.crashesAt = (form) => form.has('openid.ns.again');
  });

  /** A login whose response is about to come back. */
  async function begun(): Promise<{ readonly browser: OpenIdBrowser; readonly back: string }> {
    const browser = new OpenIdBrowser();
    return { browser, back: locationOf(await browser.follow(init, 2)) };
  }

  async function signsIn(browser: OpenIdBrowser, back: string, init?: RequestInit): Promise<void> {
    expect((await browser.fetch(back, init)).status).toBe(303);
    expect((await browser.fetch(`${app.url}/me`)).status).toBe(200);
  }

  it('an honest login goes through while hundreds of hostile responses come in', async () => {
    const strangers = await Promise.all(Array.from({ length: 20 }, begun));
    const victim = await begun();
    const honest: Promise<void>[] = [];
    const statuses = new Map<number, number>();
    await inTurns(HOSTILE, async (number) => {
      // To logins that strangers began, in their browsers and without; and to one that is not theirs.
      const stranger = strangers[number % strangers.length]!;
      const { back } = number % 4 === 3 ? victim : stranger;
      const from = number % 4 < 2 ? stranger.browser : new OpenIdBrowser();
      if (number % (HOSTILE / 10) === 5)
        honest.push(begun().then(({ browser, back }) => signsIn(browser, back)));
      const { status } = await from.fetch(spoil(back, number, back !== victim.back));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    });
    await Promise.all(honest);
    expect(honest).toHaveLength(10);
    for (const status of statuses.keys()) expect([303, 401, 403, 503]).toContain(status);
    const most = 21 * (5 + 3) + honest.length;
    expect(provider.verifications).toBeLessThanOrEqual(sessionTypes.length > 0 ? 21 * 8 : most);
    await signsIn(victim.browser, victim.back);
  }, 120_000);

  it('a victim whose request id leaked is not kept out, though strangers make up cookies for it', async () => {
    const { browser, back } = await begun();
    const [[name, value] = ['', '']] = browser.cookies;
    const id = new URL(back).searchParams.get('maestrano_login') ?? '';
    const [begunAt = '', key = ''] = value.split('.');
    const stranger = new OpenIdBrowser();
    for (let number = 0; number < 40; number += 1) {
      stranger.cookies.clear();
      if (number % 3)
        stranger.cookies.set(name, `${begunAt}.${number % 3 === 1 ? id : key.replace(/./, '-')}..`);
      await stranger.fetch(spoil(back, number, false));
    }
    await signsIn(browser, back);
  });

  it('a provider that answers 503 once does no harm, and one that is down is no forgery', async () => {
    const { browser, back } = await begun();
    provider.failures = [503];
    await signsIn(browser, back);

    const other = await begun();
    provider.forgetAssociations();
    const late = await begun();
    provider.failures = [503, 503, 503];
    const down = await late.browser.fetch(late.back);
    expect(down.status).toBe(503);
    expect(down.headers.get('retry-after')).not.toBeNull();
    expect(await down.text()).toContain('not possible at the moment');
    await signsIn(late.browser, late.back);
    expect((await other.browser.fetch(other.back)).status).toBe(303);
  });

  it('a form posted twice does no harm', async () => {
    provider.slowness = 100;
    const browser = new OpenIdBrowser();
    const request = new URL(locationOf(await browser.fetch(init))).searchParams;
    const body = provider.respond(request, 'app-uat');
    const back = request.get('openid.return_to') ?? '';
    const post = (): Promise<Response> => browser.fetch(back, { method: 'POST', body });
    for (const response of await Promise.all([post(), post()])) {
      // Whichever the browser shows: it leads in, if need be by way of the provider, and never to a page that says no.
      let at = response;
      for (let step = 0; step < 5 && locationOf(at) !== `${app.url}/`; step += 1) {
        expect([302, 303]).toContain(at.status);
        at = await browser.fetch(locationOf(at));
      }
      expect(locationOf(at)).toBe(`${app.url}/`);
    }
    expect((await browser.fetch(`${app.url}/me`)).status).toBe(200);
    // The one question was asked for both; another login may have followed.
    expect(provider.verifications).toBeLessThanOrEqual(sessionTypes.length > 0 ? 0 : 2);
  });
});
