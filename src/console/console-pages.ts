import { Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { MaestranoConsoleError } from '../errors/console.error.js';
import { statusOf } from '../errors/error-status.js';
import { MaestranoError } from '../errors/maestrano.error.js';
import { MaestranoUnknownMarketplaceError } from '../errors/unknown-marketplace.error.js';
import { HttpExchange } from '../routing/http-exchange.js';
import { errorPlace } from '../utils/error-place.js';
import type { IncomingRequest } from '../utils/incoming-request.js';
import { PAGE_ASSETS } from '../views/assets.js';
import { TOKEN_FIELD } from '../views/form.js';
import { html } from '../views/html.js';
import { PAGE_POLICY } from '../views/layout.js';
import type { ConsoleAuditEntry } from './audit/audit-entry.js';
import { ConsoleAuditLog } from './audit/audit-log.js';
import { type ConsoleNotice, ConsoleFrame } from './console-frame.js';
import type { ConsolePerson } from './console-person.js';
import { ConsolePeople } from './console-people.js';
import { basePath, formFields, isForeign, wantsJson } from './console-request.js';
import type {
  ConsoleAction,
  ConsoleCsv,
  ConsoleFields,
  ConsolePage,
  ConsoleSection,
} from './console-section.js';
import { ConsoleSections } from './console-sections.js';
import { ConsoleView } from './console-view.js';
import { FormTokens } from './form-tokens.js';

const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': PAGE_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/** How long the notice of an action is shown to who did it, in milliseconds. */
const NOTICE_MS = 10 * 60_000;
/** A page that does not exist, for everybody. */
const UNKNOWN_ASSET = 404;

/** Serves the pages of the console, and carries out what their forms ask for. */
@Injectable()
export class ConsolePages {
  readonly #logger = new Logger('MaestranoConsole');

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly people: ConsolePeople,
    private readonly sections: ConsoleSections,
    private readonly frame: ConsoleFrame,
    private readonly tokens: FormTokens,
    private readonly audit: ConsoleAuditLog,
  ) {}

  /** Style and script. */
  asset(request: IncomingRequest, response: unknown, name: string): void {
    const exchange = new HttpExchange(this.host.httpAdapter, request, response);
    exchange.setHeader('x-content-type-options', 'nosniff');
    const asset = PAGE_ASSETS.get(name);
    if (!asset) return exchange.text(UNKNOWN_ASSET, 'text/plain; charset=utf-8', 'Not found');
    exchange.setHeader('cache-control', 'public, max-age=31536000, immutable');
    exchange.text(200, asset.contentType, asset.body);
  }

  /** A page: of a section, by its name. */
  async page(request: IncomingRequest, response: unknown, ...path: readonly string[]): Promise<void> {
    const started = performance.now();
    const exchange = new HttpExchange(this.host.httpAdapter, request, response);
    const [sectionName = '', pageName = ''] = path;
    let view: ConsoleView | null = null;
    try {
      view = await this.#viewOf(exchange, path.length);
      const section = this.sections.find(sectionName);
      const page = await section?.page(view, pageName);
      if (!section || !page) throw new MaestranoConsoleError('console.unknown');
      await this.#send(exchange, view, section, page, started);
    } catch (error) {
      await this.#fail(exchange, view, error);
    }
  }

  /** An action of a section. */
  async act(request: IncomingRequest, response: unknown, sectionName: string, name: string): Promise<void> {
    const exchange = new HttpExchange(this.host.httpAdapter, request, response);
    let view: ConsoleView | null = null;
    try {
      view = await this.#viewOf(exchange, 2);
      const section = this.sections.find(sectionName);
      const action = section && Object.hasOwn(section.actions, name) ? section.actions[name] : undefined;
      if (!section || !action) throw new MaestranoConsoleError('console.unknown');
      await this.#act(exchange, view, section, name, action);
    } catch (error) {
      await this.#fail(exchange, view, error);
    } finally {
      this.sections.changed();
    }
  }

  async #act(
    exchange: HttpExchange,
    view: ConsoleView,
    section: ConsoleSection,
    name: string,
    action: ConsoleAction,
  ): Promise<void> {
    const { person } = view;
    const fields = formFields(exchange.body);
    const token = fields.get(TOKEN_FIELD);
    const entry = { who: person.name, role: action.role, action: `${section.path}/${name}` };
    if (isForeign(exchange) || !this.tokens.isValid(person.name, token)) {
      const error = new MaestranoConsoleError('console.form');
      await this.audit.refused({ ...entry, what: 'Posted a form that is not ours', on: '' }, error.message);
      throw error;
    }
    const described = { ...entry, ...action.describe(fields) };
    if (!view.can(action.role)) {
      const error = new MaestranoConsoleError('console.role', {
        message: `This needs the role ${action.role}.`,
      });
      await this.audit.refused(described, `Refused: needs the role ${action.role}`);
      throw error;
    }
    const begun = await this.audit.begin(described);
    const outcome = await this.#run(action, fields, person).catch(async (error: unknown) => {
      await this.audit.finish(begun, 'failed', textOf(error));
      throw error;
    });
    await this.audit.finish(begun, 'done', outcome.text);
    this.#setHeaders(exchange);
    if (wantsJson(exchange)) return exchange.json(200, { id: begun.id, outcome: outcome.text });
    const tone = outcome.tone === 'good' ? undefined : outcome.tone;
    exchange.redirect(view.link(section.path, outcome.page ?? '', { ...outcome.query, did: begun.id, tone }));
  }

  #run(action: ConsoleAction, fields: ConsoleFields, person: ConsolePerson) {
    return action.run(fields, person);
  }

  async #viewOf(exchange: HttpExchange, below: number): Promise<ConsoleView> {
    const person = await this.people.of(exchange.request);
    const token = this.tokens.make(person.name);
    const { query } = exchange;
    return new ConsoleView(basePath(exchange, below), person, query, token, await this.#didOf(person, query));
  }

  /** The action that an address names, if it is this person's and has ended lately. */
  async #didOf({ name }: ConsolePerson, query: URLSearchParams): Promise<ConsoleAuditEntry | null> {
    const id = query.get('did') ?? '';
    if (!/^[0-9a-f-]{36}$/.test(id)) return null;
    const entry = await this.audit.find(id);
    if (!entry || entry.who !== name || entry.outcome !== 'done') return null;
    return Date.now() - Date.parse(entry.at) > NOTICE_MS ? null : entry;
  }

  async #send(
    exchange: HttpExchange,
    view: ConsoleView,
    section: ConsoleSection | null,
    page: ConsolePage,
    started: number,
  ): Promise<void> {
    this.#setHeaders(exchange);
    const status = page.status ?? 200;
    if (wantsJson(exchange)) {
      return exchange.json(status, { title: page.title, section: section?.path ?? null, data: page.data });
    }
    if (page.csv && exchange.query.get('format') === 'csv') return sendCsv(exchange, page.csv);
    const text = await this.frame.render(view, section, page, noticeOf(view));
    exchange.setHeader('server-timing', `page;dur=${(performance.now() - started).toFixed(1)}`);
    exchange.html(status, text);
  }

  async #fail(exchange: HttpExchange, view: ConsoleView | null, error: unknown): Promise<void> {
    const isOurs = error instanceof MaestranoError;
    const status = error instanceof MaestranoUnknownMarketplaceError ? 404 : isOurs ? statusOf(error) : 500;
    if (!isOurs) this.#logger.error(`A page of the console failed: ${errorPlace(error)}`);
    const title = isOurs && status === 500 ? OURS : (TITLES[status] ?? OURS);
    const text = textOf(error);
    this.#setHeaders(exchange);
    if (wantsJson(exchange)) {
      return exchange.json(status, { title, error: text, code: isOurs ? error.code : null });
    }
    if (!view) return exchange.html(status, this.frame.refused(title, text));
    const body = html`<div class="card">
      <p>${text}</p>
      <p class="actions"><a class="button primary" href="${view.link('')}">Overview</a></p>
    </div>`;
    exchange.html(status, await this.frame.render(view, null, { title, body, data: null }, null));
  }

  #setHeaders(exchange: HttpExchange): void {
    for (const [name, value] of Object.entries(HEADERS)) exchange.setHeader(name, value);
  }
}

/** Title where something of ours says itself what is wrong, such as a marketplace that is away. */
const OURS = 'That did not work';

/** What the last action of this person came to: the text is the audit log's, never the address'. */
function noticeOf(view: ConsoleView): ConsoleNotice | null {
  if (!view.did) return null;
  const tone = (['info', 'warn', 'bad'] as const).find((one) => one === view.param('tone'));
  return { text: view.did.text, tone: tone ?? 'good' };
}

function sendCsv(exchange: HttpExchange, { name, text }: ConsoleCsv): void {
  const plain = name.replaceAll(/[^\w.-]+/g, '-').slice(0, 100);
  exchange.setHeader('content-disposition', `attachment; filename="${plain}.csv"`);
  exchange.text(200, 'text/csv; charset=utf-8', text);
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Something is missing',
  403: 'Not allowed',
  404: 'No such page',
  409: 'It has changed meanwhile',
  422: 'That cannot be taken',
  500: 'The console failed',
  503: 'Nothing was done',
};

/** What may be shown of an error: ours hold no secret and no personal value, others might. */
function textOf(error: unknown): string {
  if (error instanceof MaestranoError) return error.message;
  return `It failed (${error instanceof Error ? error.name : 'unknown error'}). The log of the application has the place.`;
}
