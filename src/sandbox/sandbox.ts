import type { INestApplication } from '@nestjs/common';

import type { Server } from 'node:http';

import { SandboxError } from '../errors/sandbox.error.js';
import { webAddress } from '../views/web-address.js';
import { SandboxClock } from './clock/sandbox-clock.js';
import { SandboxConnec } from './connec/sandbox-connec.js';
import { FaultInjector } from './faults/fault-injector.js';
import { Journal } from './journal/journal.js';
import { LoginLog } from './login/login-log.js';
import {
  type LoginOptions,
  type LoginResult,
  type ReachedForm,
  SandboxLogin,
} from './login/sandbox-login.js';
import type { MarketplaceDocument } from './platform/marketplace-document.js';
import { MarketplaceAdmin } from './platform/marketplace-admin.js';
import { MetadataCheck, type MetadataReport } from './platform/metadata-check.js';
import type { ResolvedSandboxOptions } from './sandbox-options.js';
import { ScenarioBuilder } from './scenarios/scenario-builder.js';
import { SandboxReset } from './scenarios/sandbox-reset.js';
import { loadState } from './state/persistence.js';
import { StateSaver } from './state/saver.js';
import { SandboxState } from './state/sandbox-state.js';
import { PlannedDeliveries } from './webhooks/planned-deliveries.js';
import { SandboxWebhooks } from './webhooks/sandbox-webhooks.js';
import { AssertionWorkshop } from './workshop/assertion-workshop.js';

/** Access of an application to the sandbox's developer platform (protocol §2.1). */
export interface SandboxDeveloperPlatform {
  readonly host: string;
  readonly apiPath: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** A running marketplace on this machine. Made by {@link startSandbox}. */
export class Sandbox implements AsyncDisposable {
  /** Address, without trailing slash. */
  readonly url: string;
  /** Everything the sandbox knows. */
  readonly state: SandboxState;
  readonly clock: SandboxClock;
  readonly faults: FaultInjector;
  readonly journal: Journal;
  readonly marketplaces: MarketplaceAdmin;
  readonly webhooks: SandboxWebhooks;
  /** Connec! data from the inside. */
  readonly connec: SandboxConnec;
  /** Makes and sends responses with exactly one thing wrong. */
  readonly assertions: AssertionWorkshop;
  /** Adds people, companies and charges. */
  readonly build: ScenarioBuilder;
  #saver: StateSaver | null = null;

  /** @internal */
  constructor(
    private readonly app: INestApplication<Server>,
    private readonly resolved: ResolvedSandboxOptions,
  ) {
    this.url = resolved.url;
    this.state = app.get(SandboxState);
    this.clock = app.get(SandboxClock);
    this.faults = app.get(FaultInjector);
    this.journal = app.get(Journal);
    this.marketplaces = app.get(MarketplaceAdmin);
    this.webhooks = app.get(SandboxWebhooks);
    this.connec = app.get(SandboxConnec);
    this.assertions = app.get(AssertionWorkshop);
    this.build = app.get(ScenarioBuilder);
  }

  /** Ready for `MaestranoModule.forRoot`: the marketplaces as they are configured at this moment. */
  get options(): { marketplaces: MarketplaceDocument[] } {
    return { marketplaces: this.marketplaces.documents() };
  }

  /** Ready for the `developerPlatform` option: the application fetches its marketplaces itself. */
  get developerPlatform(): SandboxDeveloperPlatform {
    const { apiKey, apiSecret } = this.state.environment;
    return { host: this.url, apiPath: '/api/config/v1/marketplaces', apiKey, apiSecret };
  }

  /**
   * Where the application under test is; known later than the sandbox, when it listens on a free port.
   *
   * @throws SandboxError `sandbox.address` unless it is http or https
   */
  setAppUrl(url: string): void {
    if (webAddress(url) === null)
      throw new SandboxError('sandbox.address', {
        message: `"${url}" is no address of an application.`,
        remedy: 'Write it like http://localhost:3000.',
      });
    this.state.appUrl = url.replace(/\/+$/, '');
  }

  /** Signs a person in as a browser would, and returns the cookies and the final page. */
  login(appUrl: string, options?: LoginOptions): Promise<LoginResult> {
    return this.app.get(SandboxLogin).run(appUrl, options);
  }

  /** Goes as far as the identity provider's form, for logins that a test ends later, twice or in another order. */
  beginLogin(appUrl: string, options?: LoginOptions): Promise<ReachedForm> {
    return this.app.get(SandboxLogin).reach(appUrl, options);
  }

  /** Reads the application's metadata as a marketplace does, and compares it with the configuration (protocol §3). */
  checkMetadata(marketplace?: string): Promise<MetadataReport> {
    return this.app.get(MetadataCheck).run(this.marketplaces.getOrFirst(marketplace).name);
  }

  /** Signs a person out of the marketplace: the application learns it at its next session check. */
  signOut(userUid: string, marketplace?: string): void {
    const { name } = this.marketplaces.getOrFirst(marketplace);
    const user = this.state.user(name, userUid);
    if (!user)
      throw new SandboxError('sandbox.unknown', {
        message: `${name} has no user ${userUid}.`,
        remedy: 'Add them first.',
      });
    user.ssoSession = this.state.nextToken();
    this.app.get(LoginLog).ended(name, userUid);
  }

  /** Back to the scenario's beginning: data, ids, clock, faults, journal, deliveries. The address stays. */
  reset(): Promise<void> {
    return this.app.get(SandboxReset).reset();
  }

  /** Continues from the file of a persistent sandbox, or begins the scenario. @internal */
  async begin(): Promise<void> {
    const { persist, appUrl } = this.resolved;
    if (persist === null || !loadState(this.state, persist)) await this.app.get(SandboxReset).fill();
    if (appUrl !== null) this.setAppUrl(appUrl);
    if (persist !== null) this.#saver = new StateSaver(this.state, persist);
  }

  /** Stops listening, drops open connections and waits for deliveries under way. Nothing stays behind. */
  async close(): Promise<void> {
    this.faults.clear();
    this.journal.close();
    this.app.getHttpServer().closeAllConnections();
    this.app.get(PlannedDeliveries).clear();
    await this.webhooks.idle();
    await this.app.close();
    this.#saver?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
