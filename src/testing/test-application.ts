import type { INestApplication } from '@nestjs/common';

import { MarketplaceLoader, type MarketplaceStatus } from '../marketplace/marketplace-loader.js';
import type { LoginOptions, Sandbox } from '../sandbox/index.js';

/** A whole application of yours, listening, and the marketplace that it is listed on. Made by `startTestApplication()`. */
export class TestApplication implements AsyncDisposable {
  /** @internal */
  constructor(
    readonly app: INestApplication,
    /** The marketplace: its customers, webhooks, clock, faults and journal. */
    readonly sandbox: Sandbox,
    /** Where the application listens, without trailing slash. */
    readonly url: string,
  ) {}

  /**
   * Signs a person in as their browser would, and gives the `Cookie` header of everybody's next request.
   *
   * @param who `usr-1` of `cld-1` on the first marketplace by default.
   * @throws Error with the way of the login and the page that it ended on, where the application did not let them in.
   */
  async signIn(who: LoginOptions = {}): Promise<string> {
    const { status, url, body, cookieHeader, steps } = await this.sandbox.login(this.url, who);
    if (status < 400 && cookieHeader !== '') return cookieHeader;
    const way = steps.map((step) => `${step.method} ${step.url.split('?')[0]} ${step.status}`).join('\n');
    const lacks = cookieHeader === '' ? 'without a cookie' : `with status ${status}`;
    throw new Error(`The login ended at ${url} ${lacks}:\n${way}\n${body.slice(0, 1_000)}`);
  }

  /** Sends a request to a path of the application; redirects are not followed. */
  request(path: string, init: RequestInit & { readonly cookie?: string } = {}): Promise<Response> {
    const { cookie, ...rest } = init;
    const headers = new Headers(rest.headers);
    if (cookie !== undefined) headers.set('cookie', cookie);
    return fetch(new URL(path, this.url), { redirect: 'manual', ...rest, headers });
  }

  /** Has the application read its configuration again, after a change of `sandbox.marketplaces`. */
  refresh(): Promise<MarketplaceStatus> {
    return this.app.get(MarketplaceLoader, { strict: false }).refresh();
  }

  /** Closes the application, then the marketplace. */
  async close(): Promise<void> {
    try {
      await this.app.close();
    } finally {
      await this.sandbox.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
