import { Inject, Injectable } from '@nestjs/common';

import { SandboxError } from '../../errors/sandbox.error.js';
import { isRecord } from '../../utils/values.js';
import { maskText } from '../journal/mask.js';
import { IdentityProviderService, type LoginRequest } from '../idp/identity-provider.service.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import { LOGIN_ID_HEADER, LoginLog, type LoginRecord, type LoginResponse } from './login-log.js';
import { SandboxBrowser, type BrowserPage, type BrowserStep } from './sandbox-browser.js';

/** Who signs in, and where. */
export interface LoginOptions {
  /** Default `usr-1`. */
  readonly user?: string;
  /** Default: the person's only group, or `cld-1`. */
  readonly group?: string;
  /** The first marketplace unless given. */
  readonly marketplace?: string;
  /** Added to the init URL, such as `{ return_to: '/invoices' }`. */
  readonly params?: Readonly<Record<string, string>>;
  /** Continue in a browser that has cookies already. */
  readonly browser?: SandboxBrowser;
}

/** Where a driven login ended. */
export interface LoginResult {
  /** Status of the final page. */
  readonly status: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Cookies of the application, by name. */
  readonly cookies: Readonly<Record<string, string>>;
  /** The same as a `Cookie` header. */
  readonly cookieHeader: string;
  /** Every request on the way. */
  readonly steps: readonly BrowserStep[];
  /** What was posted to the application. */
  readonly samlResponse: string;
  readonly browser: SandboxBrowser;
}

/** The form that the identity provider posts. */
export interface PostedForm {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  /** The field of that name; empty when the form is OpenID's. */
  readonly samlResponse: string;
}

/** Characters of a response's body that the log keeps. */
const MAX_RESPONSE_BODY = 4_000;

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/** A login that stands at the identity provider's form. */
export interface ReachedForm {
  readonly browser: SandboxBrowser;
  readonly form: PostedForm;
  readonly request: LoginRequest;
}

/** Reads the self-posting form of a page; null when it has none. */
export function readPostedForm(body: string): PostedForm | null {
  const action = /<form[^>]* action="([^"]*)"/.exec(body)?.[1];
  const inputs = [...body.matchAll(/<input type="hidden" name="([^"]+)"[^>]* value="([^"]*)"/g)];
  if (!action || inputs.length === 0) return null;
  const fields = Object.fromEntries(
    inputs.map(([, name = '', value = '']) => [unescapeHtml(name), unescapeHtml(value)]),
  );
  return { action: unescapeHtml(action), fields, samlResponse: fields['SAMLResponse'] ?? '' };
}

/** What a response of the application says of a login. Bodies are cut: a page says it at its beginning. */
function readResponse(page: BrowserPage, browser: SandboxBrowser): LoginResponse {
  const { code, trace } = readRejection(page.body);
  const body = page.body.slice(0, MAX_RESPONSE_BODY);
  const steps = browser.steps.map(({ method, url, status }) => ({ method, url: maskText(url), status }));
  return { status: page.status, location: page.headers['location'] ?? null, code, trace, body, steps };
}

/** Code and trace of a rejection in JSON; other applications say it otherwise. */
function readRejection(body: string): { code: string | null; trace: string | null } {
  try {
    const value: unknown = JSON.parse(body);
    if (!isRecord(value)) return { code: null, trace: null };
    const { code, trace } = value;
    return { code: typeof code === 'string' ? code : null, trace: typeof trace === 'string' ? trace : null };
  } catch {
    return { code: null, trace: null };
  }
}

/** Signs a person in as a browser would: init, identity provider, consume, the application's page (protocol §4.1). */
@Injectable()
export class SandboxLogin {
  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly provider: IdentityProviderService,
    private readonly log: LoginLog,
  ) {}

  /**
   * Drives the whole login. Whatever the application returns for the response is the result, a rejection too.
   *
   * @throws SandboxError `sandbox.login` when the way to the identity provider's response is not the one of a login.
   */
  async run(appUrl: string, options: LoginOptions = {}): Promise<LoginResult> {
    const { browser, page } = await this.#launch(appUrl, options);
    const form = this.#formOn(page);
    // A short OpenID response comes as a redirect, which the browser has followed already.
    const isRedirected = form === null && !page.url.startsWith(this.options.url) && this.#wasHere(browser);
    if (form === null && !isRedirected) throw this.#astray(page, browser);
    const final = form ? await browser.postFromOtherSite(form.action, form.fields, this.options.url) : page;
    const login = this.log.get(page.headers[LOGIN_ID_HEADER] ?? '');
    if (login) login.response = readResponse(final, browser);
    const target = new URL(final.url);
    return {
      ...final,
      cookies: browser.jar.values(target),
      cookieHeader: browser.jar.header(target),
      steps: browser.steps,
      samlResponse: form?.samlResponse ?? '',
      browser,
    };
  }

  /**
   * Goes as far as the SAML provider's form, which is not posted yet.
   *
   * @throws SandboxError `sandbox.login`
   */
  async reach(appUrl: string, options: LoginOptions = {}): Promise<ReachedForm> {
    const { browser, page } = await this.#launch(appUrl, options);
    const form = this.#formOn(page);
    const request = form && this.provider.requestAt(page.url.slice(this.options.url.length));
    if (!form || !request) throw this.#astray(page, browser);
    return { browser, form, request };
  }

  /**
   * Carries a login to the application as far as its response, which the log then has: accepted, or rejected and why.
   *
   * @throws SandboxError `sandbox.login`
   */
  async attempt(appUrl: string, options: LoginOptions & { readonly send?: string }): Promise<LoginRecord> {
    const before = this.log.list().at(-1);
    const { browser, page } = await this.#launch(appUrl, options);
    const form = this.#formOn(page);
    const sent = form ? this.log.get(page.headers[LOGIN_ID_HEADER] ?? '') : this.log.list().at(-1);
    if (!sent || (!form && sent === before)) throw this.#astray(page, browser);
    const final = form ? await browser.post(form.action, form.fields) : page;
    sent.response = readResponse(final, browser);
    return sent;
  }

  /** Where a launch from the marketplace sends the browser. */
  initUrl(appUrl: string, options: LoginOptions): string {
    const { paths } = this.marketplaces.getOrFirst(options.marketplace);
    const query = new URLSearchParams({
      ...(options.group ? { group_id: options.group } : {}),
      ...options.params,
    });
    const separator = paths.init.includes('?') ? '&' : '?';
    const base = appUrl.replace(/\/+$/, '') + paths.init;
    return query.size > 0 ? base + separator + query.toString() : base;
  }

  async #launch(
    appUrl: string,
    options: LoginOptions & { readonly send?: string },
  ): Promise<{ browser: SandboxBrowser; page: BrowserPage }> {
    const browser = options.browser ?? new SandboxBrowser();
    const page = await browser.get(this.initUrl(appUrl, options), (url) =>
      this.#answerQuestions(url, options),
    );
    return { browser, page };
  }

  /** The form of a page of ours. */
  #formOn(page: BrowserPage): PostedForm | null {
    // Pages on the way have forms as well, to search among many; only the response's posts itself.
    const isResponse = page.status === 200 && page.body.includes('<form data-submit');
    return isResponse && page.url.startsWith(this.options.url) ? readPostedForm(page.body) : null;
  }

  #wasHere(browser: SandboxBrowser): boolean {
    return browser.steps.some(({ url }) => this.#isProvider(url));
  }

  #isProvider(url: string): boolean {
    return ['/api/v1/auth/saml?', '/api/openid/provider/'].some((path) =>
      url.startsWith(this.options.url + path),
    );
  }

  /** The person's choices on the identity provider's pages, made in advance by parameters. */
  #answerQuestions(
    url: string,
    { user = 'usr-1', group = 'cld-1', send }: LoginOptions & { readonly send?: string },
  ): string {
    if (!this.#isProvider(url)) return url;
    const choices = `&user_uid=${encodeURIComponent(user)}&group_id=${encodeURIComponent(group)}`;
    return url + choices + (send ? `&send=${encodeURIComponent(send)}` : '');
  }

  #astray(page: BrowserPage, browser: SandboxBrowser): SandboxError {
    const way = browser.steps
      .map((step) => `${step.method} ${step.url.split('?')[0]} ${step.status}`)
      .join(', then ');
    return new SandboxError('sandbox.login', {
      message: `The login ended on a page without a form, status ${page.status}: ${way}.`,
      remedy: 'Check the application address, its init path, and that the person has a group.',
    });
  }
}
