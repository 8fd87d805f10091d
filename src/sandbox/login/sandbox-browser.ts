import { CookieJar } from '../http/cookie-jar.js';
import { sendRequest } from '../http/send-request.js';

/** A page the browser has come to. */
export interface BrowserPage {
  readonly status: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One request on the way, for error messages and assertions. */
export interface BrowserStep {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  /** Target of a redirect. */
  readonly location: string | null;
  /** `Set-Cookie` headers of the response. */
  readonly setCookies: readonly string[];
}

const MAX_STEPS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** As much of a browser as a login needs: cookies, redirects, and the form that posts itself. */
export class SandboxBrowser {
  readonly jar = new CookieJar();
  readonly steps: BrowserStep[] = [];

  /**
   * Opens a page and follows redirects.
   *
   * @param rewrite may change an address before it is opened: a person's reply to a question on the way.
   */
  get(url: string, rewrite: (url: string) => string = (same) => same): Promise<BrowserPage> {
    return this.#open('GET', rewrite(url), undefined, rewrite);
  }

  /** Posts a form as a page of another site does, and follows redirects: only `SameSite=None` cookies travel. */
  postFromOtherSite(
    url: string,
    fields: Readonly<Record<string, string>>,
    origin: string,
  ): Promise<BrowserPage> {
    return this.#open('POST', url, new URLSearchParams(fields).toString(), (same) => same, origin);
  }

  /** Posts a form from another site and stops there: neither redirect nor page is followed. */
  async post(url: string, fields: Readonly<Record<string, string>>): Promise<BrowserPage> {
    const target = new URL(url);
    const cookie = this.jar.header(target, 'cross-site-post');
    const response = await sendRequest({
      method: 'POST',
      url,
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(cookie ? { cookie } : {}),
      },
      body: new URLSearchParams(fields).toString(),
    });
    this.jar.store(target, response.setCookies);
    this.steps.push({
      method: 'POST',
      url,
      status: response.status,
      location: response.headers['location'] ?? null,
      setCookies: response.setCookies,
    });
    return { status: response.status, url, headers: response.headers, body: response.body };
  }

  async #open(
    method: string,
    address: string,
    body: string | undefined,
    rewrite: (url: string) => string,
    origin?: string,
  ): Promise<BrowserPage> {
    let [verb, url, form] = [method, address, body];
    for (let step = 0; step < MAX_STEPS; step++) {
      const target = new URL(url);
      const cookie = this.jar.header(target, form === undefined ? 'same-site' : 'cross-site-post');
      const response = await sendRequest({
        method: verb,
        url,
        headers: {
          accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
          ...(cookie ? { cookie } : {}),
          ...(form === undefined
            ? {}
            : { 'content-type': 'application/x-www-form-urlencoded', ...(origin ? { origin } : {}) }),
        },
        body: form,
      });
      this.jar.store(target, response.setCookies);
      const location = REDIRECTS.has(response.status) ? (response.headers['location'] ?? null) : null;
      const { status, setCookies } = response;
      this.steps.push({ method: verb, url, status, location, setCookies });
      if (location === null)
        return { status: response.status, url, headers: response.headers, body: response.body };
      url = rewrite(new URL(location, url).href);
      // Only 307 and 308 repeat the method.
      if (response.status < 307) [verb, form] = ['GET', undefined];
    }
    return { status: 310, url, headers: {}, body: `More than ${MAX_STEPS} redirects.` };
  }
}
