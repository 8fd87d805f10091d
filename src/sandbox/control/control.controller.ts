import {
  Controller,
  Get,
  HttpCode,
  type MessageEvent,
  Post,
  Sse,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { concat, defer, filter, from, map, type Observable } from 'rxjs';

import { SandboxError } from '../../errors/sandbox.error.js';
import { errorCode } from '../../utils/error-code.js';
import { PACKAGE_VERSION } from '../../utils/package-version.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import { CATALOGUE } from '../events/event-catalogue.js';
import { EventSender } from '../events/event-sender.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { isProblem, Journal, type JournalEntry, matchesQuery } from '../journal/journal.js';
import { isLoginProblem, loginState } from '../login/login-log.js';
import { SandboxLogin } from '../login/sandbox-login.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { SandboxReset } from '../scenarios/sandbox-reset.js';
import { recordKey, SandboxState } from '../state/sandbox-state.js';
import type { Delivery } from '../webhooks/delivery.js';
import { ControlExceptionFilter } from './control-exception.filter.js';
import { ControlGuard } from './control.guard.js';
import {
  type ClockChange,
  readClockChange,
  readEvent,
  readJournalQuery,
  readLogin,
  readUsage,
} from './control-requests.js';

/** Meters of one company that are shown. */
const MAX_METERS = 20;

/** Whom a request is about. */
interface KnownNames {
  readonly marketplace?: string | undefined;
  readonly group?: string | undefined;
  readonly user?: string | undefined;
}

/** A delivery as the control interface shows it: without the credentials that it carried. */
type ShownDelivery = Omit<Delivery, 'headers' | 'responseHeaders'>;

/**
 * The sandbox for programs: what the commands `trigger`, `login`, `clock`, `reset` and `journal` use, and what tests in
 * any language can. JSON in, JSON out; see docs/sandbox.md.
 */
@Controller('api/sandbox/v1')
@UseGuards(ControlGuard)
@UseFilters(ControlExceptionFilter)
export class ControlController {
  constructor(
    private readonly state: SandboxState,
    private readonly sandboxClock: SandboxClock,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly events: EventSender,
    private readonly logins: SandboxLogin,
    private readonly entries: Journal,
    private readonly scenario: SandboxReset,
  ) {}

  @Get()
  overview(): object {
    return {
      version: PACKAGE_VERSION,
      appUrl: this.state.appUrl,
      marketplaces: this.marketplaces.list().map(({ name }) => name),
      clock: this.#clock(),
      events: CATALOGUE.map(({ key, title, note }) => ({ event: key, title, note })),
    };
  }

  @Post('events')
  @HttpCode(200)
  async trigger(@Exchange() { bodyText }: SandboxExchange): Promise<{ deliveries: ShownDelivery[] }> {
    const { what, how } = readEvent(bodyText);
    this.#requireKnown(what);
    return { deliveries: (await this.events.send(what, how)).map((one) => shown(one)) };
  }

  @Post('logins')
  @HttpCode(200)
  async login(@Exchange() { bodyText }: SandboxExchange): Promise<object> {
    const options = readLogin(bodyText);
    this.#requireKnown(options);
    const record = this.marketplaces.getOrFirst(options.marketplace);
    const appUrl = this.state.appHostOf(record);
    const login = await this.logins.attempt(appUrl, options).catch((error: unknown) => {
      throw error instanceof SandboxError ? error : silent(appUrl, error);
    });
    return { ...login, state: loginState(login), asExpected: !isLoginProblem(login) };
  }

  @Get('clock')
  clock(): object {
    return this.#clock();
  }

  @Post('clock')
  @HttpCode(200)
  moveClock(@Exchange() { bodyText }: SandboxExchange): object {
    this.#move(readClockChange(bodyText));
    return this.#clock();
  }

  @Post('reset')
  @HttpCode(200)
  async reset(): Promise<object> {
    await this.scenario.reset();
    return { marketplaces: this.marketplaces.list().map(({ name }) => name) };
  }

  /** Usage by day, for the company's page; what was reported of the meter before is replaced. */
  @Post('usage')
  @HttpCode(200)
  usage(@Exchange() { bodyText }: SandboxExchange): { days: number } {
    const { group, meter, label, zone, days, currency: given, ...at } = readUsage(bodyText);
    this.#requireKnown({ ...at, group });
    const { name } = this.marketplaces.getOrFirst(at.marketplace);
    const currency = given ?? this.state.group(name, group)?.currency ?? 'AUD';
    const record = { marketplace: name, groupId: group, meter, label, zone, currency, days };
    const known = this.state.usage.get(recordKey(name, group, meter));
    if (known) Object.assign(known, record);
    else if (this.state.usage.filter((one) => one.groupId === group).length < MAX_METERS)
      this.state.usage.add(record);
    return { days: days.length };
  }

  @Get('journal')
  journal(@Exchange() { query }: SandboxExchange): { entries: JournalEntry[]; last: number } {
    const { limit, problems, ...wanted } = readJournalQuery(query);
    const found = this.entries.find(wanted).filter((one) => !problems || isProblem(one));
    return { entries: limit === 0 ? [] : found.slice(-limit), last: this.entries.lastId };
  }

  /** Exchanges as they happen, after those that `after` names: nothing in between is lost. */
  @Sse('journal/events')
  follow(@Exchange() { query }: SandboxExchange): Observable<MessageEvent> {
    const { problems, ...wanted } = readJournalQuery(query);
    const before = defer(() => from(wanted.after === undefined ? [] : this.entries.find(wanted)));
    const live = this.entries.live.pipe(filter((entry) => matchesQuery(entry, wanted)));
    return concat(before, live).pipe(
      filter((entry) => !problems || isProblem(entry)),
      map((entry) => ({ data: entry })),
    );
  }

  /** A misspelt id would be sent as well, and the application be right to take it. */
  #requireKnown({ marketplace, group, user }: KnownNames): void {
    const { name } = this.marketplaces.getOrFirst(marketplace);
    if (group !== undefined && !this.state.group(name, group)) throw unknownId(name, 'company', group);
    if (user !== undefined && !this.state.user(name, user)) throw unknownId(name, 'person', user);
  }

  #move(change: ClockChange): void {
    const clock = this.sandboxClock;
    if ('advance' in change) clock.advance(change.advance);
    else if ('set' in change) clock.set(change.set);
    else if (change.frozen === true) clock.freeze();
    else if (change.frozen === false) clock.unfreeze();
    else clock.reset();
  }

  #clock(): { now: string; frozen: boolean; offsetMs: number } {
    const { isFrozen, offsetMs } = this.sandboxClock;
    return { now: this.sandboxClock.now().toISOString(), frozen: isFrozen, offsetMs };
  }
}

function unknownId(marketplace: string, kind: string, id: string): SandboxError {
  return new SandboxError('sandbox.unknown', {
    message: `${marketplace} has no ${kind} "${id}".`,
    remedy: 'The pages of the sandbox list them at /companies.',
  });
}

function silent(appUrl: string, cause: unknown): SandboxError {
  return new SandboxError('sandbox.login', {
    message: `The application at ${appUrl} did not respond (${errorCode(cause) ?? 'no reason given'}).`,
    remedy: 'Start it, or start the sandbox with --app and its address.',
    cause,
  });
}

function shown({
  headers: _headers,
  responseHeaders: _responseHeaders,
  ...delivery
}: Delivery): ShownDelivery {
  return delivery;
}
