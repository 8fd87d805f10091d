import type {
  Delivery,
  LoginOptions,
  LoginResult,
  ReachedForm,
  Sandbox,
  SandboxBrowser,
} from '../../sandbox/index.js';
import { ComplianceSkip, demand } from './compliance-failure.js';
import type { ComplianceUsage } from './compliance-usage.js';

/** Credentials of a plain request to the application. */
export type BenchCredentials = 'valid' | 'wrong' | 'none' | { readonly header: string };

/** The response of the application. */
export interface BenchResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** A person and a company made for one scenario, so that scenarios do not disturb each other. */
export interface BenchCustomer {
  readonly group: string;
  readonly user: string;
}

/** What scenarios work with: a marketplace, the application, and a way to look at it from outside. */
export class ComplianceBench {
  #page: string | null = null;

  constructor(
    readonly sandbox: Sandbox,
    /** Public address of the application, without trailing slash. */
    readonly appUrl: string,
    private readonly options: {
      readonly page?: string | undefined;
      readonly refresh?: (() => Promise<unknown>) | undefined;
      readonly usage?: ComplianceUsage | undefined;
    },
  ) {}

  /** The metering of the application, where somebody gave it. */
  get usage(): ComplianceUsage | undefined {
    return this.options.usage;
  }

  /** The marketplace that most scenarios use. */
  get marketplace(): string {
    return this.sandbox.marketplaces.getOrFirst(undefined).name;
  }

  /** Another marketplace the application is listed on; scenarios about isolation need one. */
  get otherMarketplace(): string {
    const other = this.sandbox.marketplaces
      .list()
      .find(({ name, removed }) => !removed && name !== this.marketplace);
    if (!other) throw new ComplianceSkip('There is one marketplace only.');
    return other.name;
  }

  /** A new company with a new person in it. */
  customer(
    details: {
      readonly groupName?: string;
      readonly name?: string;
      readonly surname?: string;
      readonly bare?: boolean;
    } = {},
  ): BenchCustomer {
    // Counted by the sandbox: several runs may share it.
    const number = this.sandbox.state.nextId('c');
    const { build } = this.sandbox;
    const group = `cld-${number}`;
    const user = `usr-${number}`;
    const bare = details.bare
      ? { timezone: null, city: null, country: null, currency: null, freeTrialEndAt: null, email: null }
      : {};
    build.group(this.marketplace, { uid: group, name: details.groupName ?? `Company ${number}`, ...bare });
    build.user(this.marketplace, {
      uid: user,
      name: details.name ?? 'Pat',
      surname: details.surname ?? number,
      email: `pat.${number}@example.com`,
      ...(details.bare ? { companyName: null, country: null } : {}),
    });
    build.member(this.marketplace, user, group, 'Admin');
    return { group, user };
  }

  /** Another person in the same company. */
  colleague({ group }: BenchCustomer): BenchCustomer {
    const { user } = this.customer();
    this.sandbox.build.member(this.marketplace, user, group, 'Member');
    return { group, user };
  }

  /** Signs somebody in; the result may be a rejection. */
  login(who: BenchCustomer, options: Omit<LoginOptions, 'user' | 'group'> = {}): Promise<LoginResult> {
    return this.sandbox.login(this.appUrl, { ...who, ...options });
  }

  /** Begins somebody's login in a browser, and goes as far as the identity provider's form. */
  beginLogin(who: BenchCustomer, browser: SandboxBrowser): Promise<ReachedForm> {
    return this.sandbox.beginLogin(this.appUrl, { ...who, browser });
  }

  /** Signs somebody in, and demands that it worked. */
  async signedIn(who: BenchCustomer): Promise<LoginResult> {
    const login = await this.login(who);
    demand(login.status === 200, `Signing in ended on ${login.url} with status ${login.status}.`);
    demand(login.cookieHeader !== '', 'Signing in set no cookie.');
    return login;
  }

  /** Whether a browser with these cookies sees the page that people land on. */
  async seesPage(cookie: string): Promise<boolean> {
    const response = await this.request('GET', await this.page(), { cookie, credentials: 'none' });
    return response.status === 200;
  }

  /** The page that people land on after signing in: given, or found out by signing in. */
  async page(): Promise<string> {
    if (this.options.page !== undefined) return this.options.page;
    if (this.#page !== null) return this.#page;
    const login = await this.signedIn(this.customer());
    const { pathname, search } = new URL(login.url);
    const open = await this.request('GET', pathname + search, { credentials: 'none' });
    if (open.status === 200) {
      throw new ComplianceSkip(`${pathname} is open to everybody: name a page that is not with --page.`);
    }
    return (this.#page = pathname + search);
  }

  /** Any request to the application, with the marketplace's credentials unless said otherwise. */
  async request(
    method: string,
    path: string,
    {
      body,
      cookie,
      credentials = 'valid',
      headers = {},
    }: {
      readonly body?: string;
      readonly cookie?: string;
      readonly credentials?: BenchCredentials;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<BenchResponse> {
    const authorization = this.authorization(credentials);
    const response = await fetch(this.appUrl + path, {
      method,
      redirect: 'manual',
      headers: {
        accept: method === 'GET' ? 'text/html,application/json' : 'application/json',
        ...(authorization === null ? {} : { authorization }),
        ...(cookie ? { cookie } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  /** The `Authorization` header of one kind of credentials. */
  authorization(credentials: BenchCredentials, marketplace = this.marketplace): string | null {
    if (credentials === 'none') return null;
    if (typeof credentials === 'object') return credentials.header;
    const { apiId, apiKeys } = this.sandbox.marketplaces.get(marketplace);
    const key = credentials === 'valid' ? (apiKeys[0] ?? '') : 'not-the-key';
    return `Basic ${Buffer.from(`${apiId}:${key}`).toString('base64')}`;
  }

  /** Has the application read its configuration again; skips the scenario where nobody can tell it to. */
  async refresh(): Promise<void> {
    if (!this.options.refresh) {
      throw new ComplianceSkip('From outside nobody can have the application read its configuration again.');
    }
    await this.options.refresh();
  }

  /** Demands a status of all deliveries. */
  expectDeliveries(deliveries: readonly Delivery[], good: (status: number) => boolean, what: string): void {
    for (const { status, error } of deliveries) {
      demand(status !== null && good(status), `${what}: ${status === null ? error : `status ${status}`}.`);
    }
  }
}

/** 2xx. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
