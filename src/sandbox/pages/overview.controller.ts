import { Get, Header, Post, Redirect } from '@nestjs/common';

import { count, number } from '../../views/format.js';
import { html, type Html } from '../../views/html.js';
import { sparkline } from '../../views/charts.js';
import { card, code, empty, pill, rows, steps, tile, type Step } from '../../views/parts.js';
import { webAddress } from '../../views/web-address.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { Journal } from '../journal/journal.js';
import { isLoginProblem, LoginLog, loginState } from '../login/login-log.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { MetadataCheck, type MetadataReport } from '../platform/metadata-check.js';
import { SandboxReset } from '../scenarios/sandbox-reset.js';
import { SandboxState } from '../state/sandbox-state.js';
import { WebhookSender } from '../webhooks/webhook-sender.js';
import { type Back, back } from './back.js';
import { ChargesCharts } from './charges-charts.js';
import { deliveriesByHour } from './delivery-charts.js';
import { deliveryRow, isFailed } from './delivery-look.js';
import { Form, type FormFields } from './form.decorator.js';
import { loginRow } from './login-look.js';
import { Page, PageController } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { SandboxAddress } from './sandbox-address.js';
import { SandboxPages } from './sandbox-pages.js';

/** Lines of what happened last. */
const RECENT = 4;

/** The front page: is my application connected, and what is next? */
@PageController()
export class OverviewController {
  constructor(
    private readonly state: SandboxState,
    private readonly address: SandboxAddress,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly journal: Journal,
    private readonly logins: LoginLog,
    private readonly sender: WebhookSender,
    private readonly metadata: MetadataCheck,
    private readonly charts: ChargesCharts,
    private readonly scenario: SandboxReset,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  @Page('/')
  async overview(@Exchange() exchange: SandboxExchange): Promise<string> {
    const fetched = this.journal.lastSuccess('config/marketplaces');
    const known = this.marketplaces.list().filter(({ removed }) => !removed);
    const isSeen = fetched !== undefined || this.logins.list().length > 0;
    const reports = isSeen ? await Promise.all(known.map(({ name }) => this.metadata.recent(name))) : [];
    const order = this.#steps(reports);
    const done = order.filter(({ state }) => state === 'done').length;
    return this.pages.render(exchange, {
      title:
        done === order.length
          ? 'Your application works with this marketplace'
          : isSeen
            ? 'Your application is connected'
            : 'Waiting for your application',
      lead: this.#lead(isSeen),
      active: '/',
      live: '/journal/events',
      actions: html`<a class="button ${isSeen ? 'primary' : ''}" href="/logins/new">Sign in as somebody</a
        ><a class="button" href="/compose">Send an event</a>`,
      body: html`${isSeen ? this.#tiles(known.length, reports) : ''}
        <div class="two">
          <div class="stack">
            ${isSeen ? '' : this.#start()}
            ${card('Five steps', steps(order), { aside: `${done} of ${order.length} done` })}
            ${isSeen ? this.#start() : ''}
            ${this.sender.deliveries.length > 2 ? card('Webhooks', deliveriesByHour(this.sender.deliveries, this.pages.now)) : ''}
          </div>
          <div class="stack">
            ${isSeen ? '' : this.#help()} ${this.#recentLogins()} ${this.#recentWebhooks()}
          </div>
        </div>
        <div class="below">${this.charts.card()}</div>`,
    });
  }

  @Post('app')
  @Redirect()
  setApp(@Form() { url = '' }: FormFields): Back {
    const address = webAddress(url.trim());
    if (address === null)
      return back(
        '/',
        `"${url}" is no address of an application. Write it like http://localhost:3000.`,
        'bad',
      );
    this.state.appUrl = address.replace(/\/+$/, '');
    return back('/', `The application is at ${this.state.appUrl}.`);
  }

  /** The variables as a file to start with: `node --env-file=.env`. */
  @Get('env')
  @Header('content-type', 'text/plain; charset=utf-8')
  @Header('content-disposition', 'attachment; filename=".env"')
  @Header('cache-control', 'no-store')
  @Header('x-content-type-options', 'nosniff')
  env(): string {
    return `${this.#variables()}\n`;
  }

  @Page('reset')
  askReset(@Exchange() exchange: SandboxExchange): string {
    const { state } = this;
    const form = this.token.form(
      '/reset',
      html`<h2>Everything returns to the beginning of the scenario</h2>
        <p class="big">
          ${number(state.groups.size)} companies, ${number(state.bills.size + state.recurringBills.size)}
          bills, ${number(state.connec.toJSON().length)} records
        </p>
        <p>
          What you and your application added or changed is gone, with the journal, the logins and the
          webhooks. Clock and faults are put back. Keys and certificates are the scenario's own again: your
          application must fetch its configuration once more. Its address stays, and so do events of your own.
        </p>
        <p class="actions">
          <button class="danger primary">Start again</button><a class="button quiet" href="/">Leave it</a>
        </p>`,
      { cls: 'card confirm' },
    );
    return this.pages.render(exchange, {
      title: 'Start the scenario again?',
      crumbs: [['Overview', '/']],
      body: form,
    });
  }

  @Post('reset')
  @Redirect()
  async reset(): Promise<Back> {
    await this.scenario.reset();
    return back(
      '/',
      'The scenario stands at its beginning. Your application now fetches its configuration again.',
    );
  }

  #lead(isSeen: boolean): Html | string {
    const logins = this.logins.list().filter((one) => isLoginProblem(one));
    const failed = this.sender.deliveries.filter((one) => isFailed(one));
    if (logins.length > 0)
      return html`${logins.length === 1 ? 'One login' : `${number(logins.length)} logins`} did not end as it
        should. <a href="/logins?show=problems">See why</a>.`;
    if (failed.length > 0)
      return html`${failed.length === 1 ? 'One webhook' : `${number(failed.length)} webhooks`} failed.
        <a href="/webhooks?show=failed">See why</a>.`;
    return isSeen
      ? 'Everything a Maestrano marketplace does with your application, with no account and no network.'
      : 'Start your application with these four variables. This page ticks the steps off as they happen.';
  }

  #tiles(marketplaces: number, reports: readonly MetadataReport[]): Html {
    const good = reports.filter((report) => report.good).length;
    const fetched = this.journal.lastSuccess('config/marketplaces');
    const logins = this.logins.list();
    const accepted = logins.filter((one) => loginState(one) === 'accepted').length;
    const failed = this.sender.deliveries.filter((one) => isFailed(one)).length;
    const sent = this.sender.deliveries.length;
    return html`<div class="tiles">
      ${tile(
        'Configuration',
        fetched ? number(marketplaces) : 'not fetched',
        fetched
          ? html`${marketplaces === 1 ? 'marketplace' : 'marketplaces'}, fetched
            ${this.pages.when(fetched.at)}`
          : 'your application has its own',
        '/marketplaces',
      )}
      ${tile(
        'Metadata',
        good === reports.length ? 'matches' : `${reports.length - good} of ${reports.length} differ`,
        good === reports.length ? 'every path is the marketplace’s' : 'compare them',
        '/marketplaces',
      )}
      ${tile('Logins', number(logins.length), `${number(accepted)} accepted`, '/logins')}
      ${tile(
        'Webhooks',
        number(sent),
        `${number(sent - failed)} responded well`,
        '/webhooks',
        sparkline(
          'webhooks-ms',
          'Milliseconds of the last webhooks',
          this.sender.deliveries.slice(-20).map(({ durationMs }) => Math.round(durationMs)),
        ),
      )}
    </div>`;
  }

  #steps(reports: readonly MetadataReport[]): Step[] {
    const fetched = this.journal.lastSuccess('config/marketplaces');
    const login = this.logins
      .list()
      .findLast((one) => one.sent === 'valid' && loginState(one) === 'accepted');
    const cancelled = this.journal.lastSuccess('webhooks/group');
    const notified = this.journal.lastSuccess('webhooks/notification');
    const [wrong] = reports.filter((report) => !report.good);
    const all: (Omit<Step, 'state'> & { readonly isDone: boolean })[] = [
      {
        title: 'Configuration fetched',
        isDone: fetched !== undefined,
        text: fetched
          ? html`Your application asked for it ${this.pages.when(fetched.at)}.`
          : 'Nobody has asked yet. Usually this happens within a second of the start.',
      },
      {
        title: 'Metadata matches',
        isDone: reports.length > 0 && !wrong,
        text:
          reports.length === 0
            ? 'Your application shows its paths; the sandbox compares them with what a marketplace knows.'
            : wrong
              ? html`<code>${wrong.url}</code> ${wrong.problem ?? 'differs from what the marketplace has'}.`
              : 'Every path that your application names is the one the marketplace knows.',
        act: html`<a class="button mini" href="/marketplaces">Compare</a>`,
      },
      {
        title: 'First login',
        isDone: login !== undefined,
        text: login
          ? html`<bdi>${this.pages.person(login.marketplace, login.user)}</bdi> signed in
              ${this.pages.when(login.at)}.`
          : 'Go from the marketplace to your application as one of its customers.',
        act: html`<a class="button mini" href="/logins/new">Sign in</a>`,
      },
      {
        title: 'A company cancels',
        isDone: cancelled !== undefined,
        text: cancelled
          ? html`Your application was told ${this.pages.when(cancelled.at)}.`
          : 'Your application ends its sessions and keeps what it must.',
        act: html`<a class="button mini" href="/compose?event=cancel">Cancel a company…</a>`,
      },
      {
        title: 'A record changes',
        isDone: notified !== undefined,
        text: notified
          ? html`Your application was told ${this.pages.when(notified.at)}.`
          : 'Somebody edits an invoice elsewhere; your notification path is called.',
        act: html`<a class="button mini" href="/compose?event=invoice">Change an invoice</a>`,
      },
    ];
    const next = all.findIndex(({ isDone }) => !isDone);
    return all.map(({ isDone, ...step }, index) => ({
      ...step,
      act: isDone ? '' : step.act,
      state: isDone ? 'done' : index === next ? 'now' : 'later',
    }));
  }

  #start(): Html {
    const variables = this.#variables();
    const where = this.token.form(
      '/app',
      html`<label class="search"
          >Address of your application<input
            name="url"
            type="url"
            required
            value="${this.state.appUrl}" /></label
        ><button>Save</button>`,
      { cls: 'filters' },
    );
    return card(
      'Start here',
      html`${code('variables', 'Environment variables', variables)}
        <p class="actions">
          <a class="button" href="/env" download=".env">Download as .env</a>
          <span class="small soft">Made for this sandbox only; they open nothing else.</span>
        </p>
        ${where}`,
    );
  }

  #variables(): string {
    const { apiKey, apiSecret } = this.state.environment;
    return [
      `MNO_DEVPL_HOST=${this.address.url}`,
      'MNO_DEVPL_API_PATH=/api/config/v1/marketplaces',
      `MNO_DEVPL_ENV_KEY=${apiKey}`,
      `MNO_DEVPL_ENV_SECRET=${apiSecret}`,
    ].join('\n');
  }

  #help(): Html {
    return card(
      'Nothing arrives?',
      html`<ul>
        <li>
          The application must be able to reach <code>${this.address.url}</code>. From a container that is
          another name, such as <code>host.docker.internal</code>.
        </li>
        <li>The variables are read at start: start it again after a change.</li>
        <li><code>npx nestjs-maestrano doctor</code> says what it sees.</li>
      </ul>`,
    );
  }

  #recentLogins(): Html {
    const recent = this.logins.list().slice(-RECENT).reverse();
    if (recent.length === 0)
      return card(
        'Recent logins',
        empty(
          'key',
          'No login yet',
          'Logins appear here with person, company and what your application decided.',
          html`<a class="button" href="/logins/new">Sign in as somebody</a>`,
        ),
      );
    return card(
      'Recent logins',
      html`${rows(recent.map((one) => loginRow(one, this.pages, `/logins?open=${one.id}`)))}
        <nav class="pager" aria-label="More logins">
          <a href="/logins">All ${count(this.logins.list().length, 'login')}</a>
        </nav>`,
      { flush: true },
    );
  }

  #recentWebhooks(): Html {
    const all = this.sender.deliveries;
    if (all.length === 0)
      return card(
        'Recent webhooks',
        html`<p class="soft">${pill('idle', 'None')} Your application has not been called yet.</p>`,
      );
    const lines = all
      .slice(-RECENT)
      .reverse()
      .map((one) => deliveryRow(one, this.pages.when(one.at), `/webhooks?open=${one.id}`));
    return card(
      'Recent webhooks',
      html`${rows(lines, { codes: true })}
        <nav class="pager" aria-label="More webhooks">
          <a href="/webhooks">All ${count(all.length, 'webhook')}</a>
        </nav>`,
      { flush: true },
    );
  }
}
