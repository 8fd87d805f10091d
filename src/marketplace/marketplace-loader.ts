import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { Logger, type OnModuleDestroy } from '@nestjs/common';

import {
  MaestranoConfigurationError,
  type ConfigurationProblem,
  describeProblem,
} from '../errors/configuration.error.js';
import type { MaestranoError } from '../errors/maestrano.error.js';
import type { MarketplaceSettings } from '../settings/maestrano-settings.js';
import { describeExpiry, type ExpiringCertificate, findExpiringCertificates } from './certificate-expiry.js';
import { LastKnownGoodFile } from './loader/last-known-good.file.js';
import { MarketplaceAssembly } from './loader/marketplace-assembly.js';
import type { SourceRunner, SourceStatus } from './loader/source-runner.js';
import type { MarketplaceRegistry } from './marketplace-registry.js';

/** First pause between attempts at start; doubled with each further one. */
const BOOT_RETRY_MS = 250;

/** How the configuration is doing, for health checks. */
export interface MarketplaceStatus {
  /** Marketplaces served. */
  readonly marketplaces: number;
  /** Of the registry's table. */
  readonly version: number;
  /** Every source that can change, in the order of precedence. */
  readonly sources: readonly SourceStatus[];
  /** Everything that is wrong with what the sources brought. Safe to show. */
  readonly problems: readonly ConfigurationProblem[];
  /** Certificates that ended or will within 30 days. */
  readonly expiringCertificates: readonly ExpiringCertificate[];
}

/** The sources of one registration, in the order of precedence: the first that has a marketplace decides it. */
export interface LoaderSources {
  /** What the application wrote down; read once. */
  readonly fixed: SourceRunner | null;
  /** Sources that may fail and change. */
  readonly live: readonly SourceRunner[];
}

/**
 * Fills the registry before the application starts and keeps it up to date. No failure of a source loses a
 * marketplace that worked (protocol §2.5): the last good ones stay in force, on disk also over a restart.
 */
export class MarketplaceLoader implements OnModuleDestroy {
  readonly #logger = new Logger('MaestranoMarketplaces');
  readonly #problemLog = new ProblemLog(this.#logger);
  readonly #closing = new AbortController();
  readonly #assembly: MarketplaceAssembly;
  readonly #timer: RefreshTimer;
  readonly #file: LastKnownGoodFile | null;
  #running: Promise<MarketplaceStatus> | null = null;
  #next: Promise<MarketplaceStatus> | null = null;

  readonly #sources: LoaderSources;
  readonly #settings: MarketplaceSettings['refresh'];

  constructor(
    readonly registry: MarketplaceRegistry,
    // Sources hold the configuration as it was written, keys included: nothing that prints this object may see them.
    sources: LoaderSources,
    settings: MarketplaceSettings['refresh'],
    strict: boolean,
  ) {
    this.#sources = sources;
    this.#settings = settings;
    const runners = sources.fixed ? [sources.fixed, ...sources.live] : sources.live;
    this.#assembly = new MarketplaceAssembly(registry, runners, settings.rotationOverlapMs, strict);
    this.#timer = new RefreshTimer(settings.intervalMs, () => void this.refresh());
    this.#file = settings.file === null ? null : new LastKnownGoodFile(settings.file);
  }

  /**
   * Loads all sources on top of the last-known-good copy. A source that the copy knows is asked once, any other for
   * as long as the deadline allows.
   *
   * @throws MaestranoConfigurationError when no marketplace can be served, with everything that is wrong; in strict mode when
   * anything is.
   * @throws MaestranoUnknownMarketplaceError when the `defaultMarketplace` option names none.
   */
  async start(): Promise<void> {
    const { fixed, live } = this.#sources;
    if (!fixed && live.length === 0) {
      throw new MaestranoConfigurationError('configuration.none', {
        message: 'No marketplaces are configured.',
        remedy:
          'Set the marketplaces option, the developerPlatform option or MNO_DEVPL_ENV_KEY, or marketplaceSource.',
      });
    }
    const fixedFailure = await fixed?.load(this.#settings.timeoutMs, this.#closing.signal);
    if (fixedFailure) throw fixedFailure;
    await this.#restore();
    const failures = await Promise.all(live.map((runner) => this.#loadAtStart(runner)));
    const rejection = this.#assembly.apply();
    if (rejection) throw rejection;
    const failed = failures.filter((failure) => failure !== null);
    if (this.registry.snapshot.marketplaces.size === 0 && !this.#settings.startEmpty)
      throw this.#noneError(failed);
    const { defaultName } = this.registry;
    // A misspelt name, unless the marketplace comes from a source that is down.
    if (defaultName !== null && failed.length === 0 && !this.#settings.startEmpty)
      this.registry.get(defaultName);
    for (const failure of failed) this.#logger.error(failure.message);
    for (const { name, origin, confirmedAt } of this.status.sources) {
      if (origin === 'file')
        this.#logger.warn(`"${name}" is served from the copy of ${confirmedAt?.toISOString()}.`);
    }
    await this.#afterLoad();
  }

  /**
   * Asks all sources now. Calls that come while they are being asked share one more round after it, because a source
   * may have responded already, without what the caller knows of. It never rejects: what failed is in the status, and
   * the present marketplaces stay in force.
   */
  refresh(): Promise<MarketplaceStatus> {
    if (!this.#running) return this.#run();
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      return this.#running ?? this.#run();
    });
    return this.#next;
  }

  /** Age, failures and problems, computed when asked. */
  get status(): MarketplaceStatus {
    const { version, marketplaces } = this.registry.snapshot;
    return {
      marketplaces: marketplaces.size,
      version,
      sources: this.#sources.live.map((runner) => runner.status),
      problems: this.#assembly.problems,
      expiringCertificates: findExpiringCertificates(marketplaces.values()),
    };
  }

  /** Prints as its status. */
  toJSON(): MarketplaceStatus {
    return this.status;
  }

  /** Stops the timer and gives up what is under way. */
  onModuleDestroy(): void {
    this.#timer.stop();
    this.#closing.abort();
  }

  #run(): Promise<MarketplaceStatus> {
    this.#running = this.#refresh().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #refresh(): Promise<MarketplaceStatus> {
    if (this.#closing.signal.aborted) return this.status;
    const { live } = this.#sources;
    const failures = await Promise.all(
      live.map((runner) => runner.load(this.#settings.timeoutMs, this.#closing.signal)),
    );
    if (this.#closing.signal.aborted) return this.status;
    for (const failure of failures) {
      if (failure) this.#logger.warn(`The marketplaces stay as they are: ${failure.message}`);
    }
    const rejection = this.#assembly.apply();
    if (rejection) this.#logger.error(rejection.message);
    await this.#afterLoad();
    return this.status;
  }

  /** One source at start: attempts with growing pauses until it responds or the deadline is over. */
  async #loadAtStart(runner: SourceRunner): Promise<MaestranoError | null> {
    const end = performance.now() + this.#settings.bootDeadlineMs;
    for (let wait = BOOT_RETRY_MS; ; wait *= 2) {
      const left = end - performance.now();
      const failure = await runner.load(
        Math.max(1, Math.min(left, this.#settings.timeoutMs)),
        this.#closing.signal,
      );
      if (!failure || isFinal(failure) || !this.#settings.retryAtStart) return failure;
      if (performance.now() + wait >= end) return failure;
      if (runner.status.origin === 'file') return failure;
      await pause(wait);
    }
  }

  async #restore(): Promise<void> {
    try {
      const content = await this.#file?.read();
      if (!content) return;
      for (const runner of this.#sources.live) {
        const entries = content.sources[runner.name];
        if (entries?.length) await runner.restore(entries, content.confirmedAt);
      }
    } catch (error) {
      this.#logger.error((error as Error).message);
    }
  }

  /** What follows every load: problems logged, copy written, timer armed. */
  async #afterLoad(): Promise<void> {
    const { problems, expiringCertificates } = this.status;
    this.#problemLog.log([...problems, ...expiringCertificates.map(describeExpiry)]);
    await this.#save();
    if (this.#closing.signal.aborted) return;
    const { live } = this.#sources;
    if (live.length === 0) return;
    this.#timer.arm(Math.max(...live.map(({ status }) => status.failures)), this.#assembly.nextExpiry);
  }

  /** Copies what is in force to disk, and notes there when all sources last confirmed it. */
  async #save(): Promise<void> {
    const { live } = this.#sources;
    const revisions = live.flatMap(({ table }) => table.marketplaces.map(({ revision }) => revision)).join();
    if (!this.#file || revisions === '') return;
    try {
      await this.#file.write(revisions, () => Object.fromEntries(live.map(({ name, copy }) => [name, copy])));
      if (live.every(({ status }) => status.failures === 0)) await this.#file.confirm();
    } catch (error) {
      this.#logger.error((error as Error).message);
    }
  }

  #noneError(failures: readonly MaestranoError[]): MaestranoConfigurationError {
    const reasons = failures.map(({ message }) => message).join(' ');
    return new MaestranoConfigurationError(
      failures.length > 0 ? 'configuration.none' : 'configuration.invalid',
      {
        message: `No marketplace can be served. ${reasons}`.trim(),
        remedy:
          failures.length > 0
            ? 'With refresh.file a start outlives the platform; with refresh.startEmpty it waits for it.'
            : 'Correct what is listed, or link the environment to a marketplace.',
        cause: failures[0],
        problems: this.#assembly.problems,
      },
    );
  }
}

/** Whether trying again at once cannot help. */
function isFinal({ code }: MaestranoError): boolean {
  return code === 'configuration.sourceCredentials' || code === 'configuration.invalid';
}

/** Lines logged at once; thousands of marketplaces may share one problem. */
const MAX_LINES = 50;

/** Logs each problem once, and again only after it was gone. */
class ProblemLog {
  #logged: ReadonlySet<string> = new Set();

  constructor(private readonly logger: Logger) {}

  /** @param problems all that there are now. */
  log(problems: readonly ConfigurationProblem[]): void {
    const logged = new Set<string>();
    let fresh = 0;
    for (const problem of problems) {
      const line = describeProblem(problem);
      if (!logged.has(line) && !this.#logged.has(line)) {
        fresh += 1;
        if (fresh <= MAX_LINES) this.#write(problem, line);
      }
      logged.add(line);
    }
    if (fresh > MAX_LINES) this.logger.warn(`- and ${fresh - MAX_LINES} more: see MarketplaceLoader.status.`);
    this.#logged = logged;
  }

  #write({ severity }: ConfigurationProblem, line: string): void {
    if (severity === 'error') this.logger.error(line);
    else this.logger.warn(line);
  }
}

/** First pause after a failure; doubled with each further one, up to the interval. */
const FIRST_RETRY_MS = 5_000;
/** Where no interval is set, failures are retried at most this seldom. */
const LAST_RETRY_MS = 300_000;
/** So many instances that started together do not ask together. */
const JITTER = 0.2;

/** The one timer of all sources and marketplaces. It does not keep the process alive. */
class RefreshTimer {
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly intervalMs: number,
    private readonly onDue: () => void,
  ) {}

  /**
   * Arms the timer anew.
   *
   * @param failures of the source that fails longest; 0 when all is well.
   * @param expiry when something ends by itself, in epoch milliseconds; null when nothing does.
   */
  arm(failures: number, expiry: number | null): void {
    this.stop();
    const pauses: number[] = [];
    if (failures > 0) pauses.push(jittered(retryMs(failures, this.intervalMs || LAST_RETRY_MS)));
    else if (this.intervalMs > 0) pauses.push(jittered(this.intervalMs));
    if (expiry !== null) pauses.push(Math.max(0, expiry - Date.now()) + 1);
    if (pauses.length === 0) return;
    this.#timer = setTimeout(this.onDue, Math.min(...pauses, 2 ** 31 - 1)).unref();
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function retryMs(failures: number, most: number): number {
  return Math.min(most, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20));
}

function jittered(ms: number): number {
  return Math.round(ms * (1 - JITTER * (randomInt(1_001) / 1_000)));
}
