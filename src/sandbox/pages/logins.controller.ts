import { Post, Redirect } from '@nestjs/common';

import { count, number } from '../../views/format.js';
import { chips, filters, hiddenField, select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { card, empty, rows, table } from '../../views/parts.js';
import { webAddress } from '../../views/web-address.js';
import { milliseconds } from '../clock/duration.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { isLoginProblem, LoginLog, type LoginRecord, loginState } from '../login/login-log.js';
import { SandboxLogin } from '../login/sandbox-login.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import type { SandboxMarketplaceRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { AssertionWorkshop } from '../workshop/assertion-workshop.js';
import { type Back, back, link } from './back.js';
import { Form, type FormFields } from './form.decorator.js';
import { LoginDetails } from './login-details.js';
import { loginsByDay, loginsByHour } from './login-charts.js';
import { loginLook, loginRow } from './login-look.js';
import { Page, PageController } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { contains, listPage, narrowed } from './paging.js';
import { SandboxPages } from './sandbox-pages.js';

/** People offered at once; more are searched. */
const PEOPLE = 50;
/** How far back the list goes, by the sandbox's clock. */
const SINCE = [
  ['1h', 'Last hour'],
  ['1d', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
] as const;

/** Who went from the marketplace to the application, and what it decided. */
@PageController('logins')
export class LoginsController {
  constructor(
    private readonly state: SandboxState,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly log: LoginLog,
    private readonly login: SandboxLogin,
    private readonly workshop: AssertionWorkshop,
    private readonly details: LoginDetails,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  @Page('/')
  list(@Exchange() exchange: SandboxExchange): string {
    const { query } = exchange;
    const [text, marketplace, show] = [
      query.get('q') ?? '',
      query.get('marketplace') ?? '',
      query.get('show'),
    ];
    const all = this.log.list().toReversed();
    const since = SINCE.find(([span]) => span === query.get('since'))?.[0];
    const from = since === undefined ? 0 : this.pages.now - milliseconds(since);
    const found = all.filter(
      (one) =>
        (!marketplace || one.marketplace === marketplace) &&
        Date.parse(one.at) >= from &&
        contains(text, this.#texts(one)),
    );
    const problems = found.filter((one) => isLoginProblem(one));
    const unseen = found.filter((one) => loginState(one) === 'sent');
    const shown = show === 'problems' ? problems : show === 'sent' ? unseen : found;
    const opened = this.log.get(query.get('open') ?? '') ?? (problems.length > 0 ? problems[0] : undefined);
    const { items, pager } = listPage(shown, (one) => one.id, exchange, 'login');
    const lines = rows(
      items.map((one) => ({
        ...loginRow(one, this.pages, narrowed(exchange, { open: one.id }), one === opened),
        day: this.pages.day(one.at),
      })),
    );
    const split = html`<div class="split">
      <section class="card flush" aria-label="List of logins">${lines}${pager}</section>
      <div class="pane">
        ${query.has('open') ? html`<p class="backlink"><a href="${narrowed(exchange, {})}">Back to the list</a></p>` : ''}
        ${opened ? this.details.of(opened, exchange) : ''}
      </div>
    </div>`;
    return this.pages.render(exchange, {
      title: this.#title(all.length, this.log.problems),
      lead: 'Everyone who went from the marketplace to your application, and what it decided.',
      active: '/logins',
      live: '/journal/events?part=idp',
      actions: html`<a class="button primary" href="/logins/new">Sign in as somebody</a>`,
      body:
        all.length === 0
          ? this.#nobody()
          : html`${all.length > 2 ? html`<div class="two gap over">${card('By hour', loginsByHour(all, this.pages.now))}${card('By day', loginsByDay(all, this.pages.now))}</div>` : ''}
            ${filters(
              '/logins',
              { label: 'Person, company, code or id', hint: 'Ana, cld-1, sso.audience …', value: text },
              html`${select('Marketplace', 'marketplace', [['', 'All'], ...this.#names()], marketplace)}
              ${select('Time', 'since', [['', 'All'], ...SINCE], since)}`,
              { show: show ?? '' },
            )}
            ${chips('Show', [
              {
                name: 'All',
                href: narrowed(exchange, { show: null }),
                on: !show,
                count: number(found.length),
              },
              {
                name: 'Not as they should end',
                href: narrowed(exchange, { show: 'problems' }),
                on: show === 'problems',
                count: number(problems.length),
              },
              {
                name: 'Only sent',
                href: narrowed(exchange, { show: 'sent' }),
                on: show === 'sent',
                count: number(unseen.length),
              },
            ])}
            ${
              shown.length === 0
                ? empty(
                    'key',
                    'Nothing matches',
                    'No login fits what you chose.',
                    html`<a class="button" href="/logins">Clear the filter</a>`,
                  )
                : split
            }`,
    });
  }

  /** Who, for which company, and what is sent: searched, because there may be thousands. */
  @Page('new')
  choose(@Exchange() exchange: SandboxExchange): string {
    const { query } = exchange;
    const text = query.get('q') ?? '';
    const known = this.#names();
    const name = known.find((one) => one === query.get('marketplace')) ?? known[0] ?? '';
    const people = this.state
      .usersOf(name)
      .filter((user) => contains(text, [user.uid, user.email, `${user.name} ${user.surname}`]));
    const launch = known.length > 0 ? this.#launch(this.marketplaces.get(name)) : null;
    return this.pages.render(exchange, {
      title: 'Sign in as somebody',
      lead: 'In your browser, as a customer would. Or carried by the sandbox, which then shows what your application responded.',
      active: '/logins',
      crumbs: [['Logins', '/logins']],
      actions: launch
        ? html`<a class="button primary" href="${launch}">Launch from ${name} in this browser</a>`
        : '',
      body: html`${filters(
        '/logins/new',
        { label: 'Person, address or id', hint: 'Ana, usr-1 …', value: text },
        known.length > 1 ? select('Marketplace', 'marketplace', known, name) : html``,
      )}
      ${
        people.length === 0
          ? empty(
              'key',
              text ? 'Nobody matches' : 'Nobody is there yet',
              text ? 'Search for something else.' : 'Add a company and its people first.',
              html`<a class="button" href="/companies/new">Add a company</a>`,
            )
          : card(
              'Carried by the sandbox',
              table(
                'People',
                [
                  { name: 'Person', kind: 'lead' },
                  { name: 'Login', kind: 'act' },
                ],
                people
                  .slice(0, PEOPLE)
                  .map((user) => [
                    html`<bdi>${user.name} ${user.surname}</bdi> <small>${user.email} · ${user.uid}</small>`,
                    this.#attemptForm(name, user.uid),
                  ]),
              ),
              {
                flush: true,
                aside:
                  people.length > PEOPLE
                    ? `${PEOPLE} of ${count(people.length, 'person', 'people')}: search for the others`
                    : '',
              },
            )
      }`,
    });
  }

  @Post('attempt')
  @Redirect()
  async attempt(@Form() { marketplace = '', user = '', group = '', send = '' }: FormFields): Promise<Back> {
    const record = this.marketplaces.get(marketplace);
    try {
      const login = await this.login.attempt(this.state.appHostOf(record), {
        marketplace,
        user,
        ...(group ? { group } : {}),
        ...(send && send !== 'valid' ? { send } : {}),
      });
      const { tone, word } = loginLook(login);
      return back(
        link('/logins', { open: login.id }),
        `${this.pages.person(marketplace, user)}: ${word}. Your application responded ${login.response?.status ?? 'nothing'}.`,
        tone === 'bad' ? 'bad' : 'good',
      );
    } catch (error) {
      return back('/logins', error instanceof Error ? error.message : 'The login did not begin.', 'bad');
    }
  }

  #attemptForm(marketplace: string, user: string): Html {
    const record = this.state.user(marketplace, user);
    const groups = record ? this.state.accessibleGroups(record) : [];
    if (groups.length === 0) return html`<span class="soft">Belongs to no company</span>`;
    const group =
      groups.length === 1
        ? hiddenField('group', groups[0]?.uid ?? '')
        : select(
            'Company',
            'group',
            groups.slice(0, PEOPLE).map((one) => [one.uid, one.name] as const),
          );
    const body = html`${hiddenField('marketplace', marketplace)}${hiddenField('user', user)}${group}
      ${record && this.marketplaces.get(marketplace).protocol === 'saml' ? this.#sendSelect() : ''}<button
        class="mini"
      >
        Sign in
      </button>`;
    return this.token.form('/logins/attempt', body, { cls: 'filters', label: `Sign in as ${user}` });
  }

  #sendSelect(): Html {
    const variants = this.workshop.variants.filter(({ times }) => times === undefined);
    return select('Sent', 'send', [
      ['valid', 'A valid response'],
      ...variants.filter(({ name }) => name !== 'valid').map(({ name, title }) => [name, title] as const),
    ]);
  }

  #nobody(): Html {
    return html`<div class="card">
      ${empty(
        'key',
        'No login yet',
        'Logins appear here with person, company and what your application decided.',
        html`<a class="button primary" href="/logins/new">Sign in as somebody</a>`,
      )}
    </div>`;
  }

  #title(all: number, problems: number): string {
    if (all === 0) return 'Nobody has signed in yet';
    if (problems > 0)
      return `${number(problems)} of ${count(all, 'login')} did not end as ${problems === 1 ? 'it' : 'they'} should`;
    return `${count(all, 'login')}, all as they should end`;
  }

  #texts(one: LoginRecord): (string | null)[] {
    const { marketplace, user, group, sent, response } = one;
    return [
      user,
      group,
      sent,
      marketplace,
      response?.code ?? null,
      response?.trace ?? null,
      this.pages.person(marketplace, user),
      this.pages.companyName(marketplace, group),
    ];
  }

  #launch(record: SandboxMarketplaceRecord): string | null {
    return webAddress(this.state.appHostOf(record) + record.paths.init);
  }

  #names(): string[] {
    return this.marketplaces
      .list()
      .filter(({ removed }) => !removed)
      .map(({ name }) => name);
  }
}
