import { NotFoundException, Param } from '@nestjs/common';

import { at, day, money, moneyText, number } from '../../views/format.js';
import { chips, filters, select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { card, empty, id, keyValues, pager, pill, table, tabs, tile } from '../../views/parts.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { LoginLog } from '../login/login-log.js';
import type {
  SandboxBillRecord,
  SandboxConnecRecord,
  SandboxGroupRecord,
  SandboxMembershipRecord,
  SandboxUserRecord,
} from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { link } from './back.js';
import { BillTables } from './bill-tables.js';
import { ChargesCharts } from './charges-charts.js';
import { CompanyHistory, type Happening, type HappeningKind } from './company-history.js';
import { CompanyMembers, holds } from './company-members.js';
import { Page, PageController } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { listPage, narrowed } from './paging.js';
import { RecordList } from './record-list.js';
import { companyPath, SandboxPages } from './sandbox-pages.js';
import { UsageCards } from './usage-cards.js';

/** Events of the overview. */
const EVENTS = 8;
const KINDS: readonly (readonly [HappeningKind, string])[] = [
  ['login', 'Logins'],
  ['charge', 'Charges'],
  ['webhook', 'Webhooks'],
];
/** The parts of a company's page; the first one has no name in the address. */
const PARTS = ['', 'members', 'bills', 'records', 'usage', 'events'] as const;

type Part = (typeof PARTS)[number];

/** What is known of one company. */
interface Company {
  readonly group: SandboxGroupRecord;
  readonly members: readonly SandboxMembershipRecord[];
  readonly bills: readonly SandboxBillRecord[];
  readonly records: readonly SandboxConnecRecord[];
  readonly happened: readonly Happening[];
}

/** One customer of a marketplace: who belongs to it, what it was charged, what it has, what happened. */
@PageController('companies')
export class CompanyController {
  constructor(
    private readonly state: SandboxState,
    private readonly logins: LoginLog,
    private readonly people: CompanyMembers,
    private readonly history: CompanyHistory,
    private readonly charts: ChargesCharts,
    private readonly tables: BillTables,
    private readonly recordList: RecordList,
    private readonly usage: UsageCards,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  @Page(':marketplace/:uid')
  company(
    @Exchange() exchange: SandboxExchange,
    @Param('marketplace') marketplace: string,
    @Param('uid') uid: string,
  ): string {
    const group = this.#group(marketplace, uid);
    const part = PARTS.find((one) => one === exchange.query.get('part')) ?? '';
    const company = this.#known(group);
    const key = `${marketplace} ${uid}`;
    return this.pages.render(exchange, {
      title: group.name,
      lead: html`${id(uid)} on <b>${marketplace}</b> ·
        ${[group.city, group.country, group.currency].filter(Boolean).join(', ')} · customer since
        ${day(group.createdAt)} ${group.status === 'running' ? '' : pill('idle', 'Cancelled')}`,
      active: '/companies',
      crumbs: [['Companies', '/companies']],
      live: '/journal/events',
      actions:
        group.status === 'running'
          ? html`<a class="button primary" href="${link(companyPath(marketplace, uid), { part: 'members' })}"
                >Sign in as a member</a
              ><a class="button" href="${link('/compose', { event: 'invoice', company: key })}"
                >Send an event</a
              ><a class="button danger" href="${link('/compose', { event: 'cancel', company: key })}"
                >Cancel the company…</a
              >`
          : '',
      body: html`${this.#tiles(company)} ${this.#tabs(company, part)} ${this.#part(company, part, exchange)}`,
    });
  }

  /** One person of a company: the sessions, where else the person belongs, and how to end what holds. */
  @Page(':marketplace/:uid/people/:user')
  person(
    @Exchange() exchange: SandboxExchange,
    @Param('marketplace') marketplace: string,
    @Param('uid') uid: string,
    @Param('user') userUid: string,
  ): string {
    const group = this.#group(marketplace, uid);
    const user = this.state.user(marketplace, userUid);
    if (!user) throw new NotFoundException();
    const role = this.state.membership(marketplace, userUid, uid)?.role;
    const isIn = this.logins
      .list()
      .some((one) => one.marketplace === marketplace && one.user === userUid && holds(one));
    const fields = { marketplace, user: userUid, group: uid };
    return this.pages.render(exchange, {
      title: `${user.name} ${user.surname}`,
      lead: html`${id(userUid)} on <b>${marketplace}</b> · ${user.email} ·
        ${role === undefined ? 'not a member any more' : role}`,
      active: '/companies',
      crumbs: [
        ['Companies', '/companies'],
        [group.name, companyPath(marketplace, uid)],
      ],
      live: '/journal/events?part=idp',
      actions: html`${
        role !== undefined && group.status === 'running'
          ? this.token.action('/logins/attempt', 'Sign in', fields, { kind: 'primary' })
          : ''
      }${isIn ? this.token.action(`${companyPath(marketplace, uid)}/sessions`, 'End session', { user: userUid, to: 'person' }) : ''}`,
      body: html`<p>
          ${
            isIn
              ? html`${pill('good', 'Signed in')} Your application learns at its next check that a session
                ended here.`
              : html`${pill('idle', 'Not signed in')} No session of this person holds at the marketplace.`
          }
        </p>
        ${this.people.sessionsOf(marketplace, userUid, exchange)} ${this.#memberships(user)}`,
    });
  }

  #known(group: SandboxGroupRecord): Company {
    const { marketplace, uid } = group;
    return {
      group,
      members: this.people.of(group),
      bills: this.state.bills
        .filter((one) => one.marketplace === marketplace && one.groupId === uid)
        .toReversed(),
      records: [...this.state.connec.resources(marketplace, uid).keys()].flatMap((resource) =>
        this.state.connec.list(marketplace, uid, resource),
      ),
      happened: this.history.of(group),
    };
  }

  #tiles({ group, members, bills, records, happened }: Company): Html {
    const path = companyPath(group.marketplace, group.uid);
    const webhooks = this.history.deliveriesOf(group);
    const failed = happened.filter(({ kind, tone }) => kind === 'webhook' && tone === 'bad').length;
    return html`<div class="tiles">
      ${tile('Members', number(members.length), `${number(this.people.signedIn(members))} signed in`, link(path, { part: 'members' }))}
      ${tile('Bills', number(bills.length), thisMonth(bills, this.pages.now), link(path, { part: 'bills' }))}
      ${tile('Records', number(records.length), 'in Connec!', link(path, { part: 'records' }))}
      ${tile(
        'Webhooks',
        number(webhooks.length),
        failed > 0 ? `${number(failed)} failed` : webhooks.length > 0 ? 'all taken' : 'none yet',
        link(path, { part: 'events', kind: 'webhook' }),
      )}
    </div>`;
  }

  #tabs({ group, members, bills, records, happened }: Company, part: Part): Html {
    const path = companyPath(group.marketplace, group.uid);
    const one = (name: string, key: Part): readonly [string, string, boolean] => [
      name,
      link(path, { part: key }),
      key === part,
    ];
    return tabs('Parts of the company', [
      one('Overview', ''),
      one(`Members ${number(members.length)}`, 'members'),
      one(`Bills ${number(bills.length)}`, 'bills'),
      one(`Records ${number(records.length)}`, 'records'),
      one('Usage', 'usage'),
      one(`Events ${number(happened.length)}`, 'events'),
    ]);
  }

  #part(company: Company, part: Part, exchange: SandboxExchange): Html {
    switch (part) {
      case 'members':
        return this.people.all(company.group, company.members, exchange);
      case 'bills':
        return this.#bills(company, exchange);
      case 'records':
        return this.#records(company, exchange);
      case 'usage':
        return this.#usage(company);
      case 'events':
        return this.#events(company, exchange);
      case '':
        return this.#overview(company);
    }
  }

  #overview({ group, members, happened }: Company): Html {
    const { marketplace, uid } = group;
    const path = companyPath(marketplace, uid);
    return html`<div class="two left">
      <div class="stack">
        ${this.people.first(group, members, link(path, { part: 'members' }))}
        ${card(
          'What happened',
          happened.length > 0
            ? this.history.lines(happened.slice(0, EVENTS))
            : html`<p class="soft">Nothing yet.</p>`,
          {
            aside:
              happened.length > EVENTS
                ? html`<a href="${link(path, { part: 'events' })}">All ${number(happened.length)}</a>`
                : '',
          },
        )}
      </div>
      <div class="stack">
        ${this.history.loginsByDay(group)} ${this.charts.card({ marketplace, group: uid })}
        ${this.#subscription(group)}
      </div>
    </div>`;
  }

  #bills({ group, bills }: Company, exchange: SandboxExchange): Html {
    const { marketplace, uid } = group;
    const recurring = this.state.recurringBills
      .filter((one) => one.marketplace === marketplace && one.groupId === uid)
      .toReversed();
    if (bills.length + recurring.length === 0)
      return html`<div class="card">
        ${empty('box', 'No bill yet', 'What your application charges this company appears here, and is invoiced when the month ends.')}
      </div>`;
    return html`${this.charts.card({ marketplace, group: uid })} ${this.tables.recurring(recurring, true)}
    ${bills.length > 0 ? this.tables.oneTime(bills, exchange, true) : ''}`;
  }

  #records({ group, records }: Company, exchange: SandboxExchange): Html {
    const { query, path } = exchange;
    if (records.length === 0)
      return html`<div class="card">
        ${empty('box', 'No record yet', 'Your application writes people, invoices and items of a company; another one reads them.', html`<a class="button" href="${link('/compose', { event: 'invoice', company: `${group.marketplace} ${group.uid}` })}">Send an event</a>`)}
      </div>`;
    const [text, resource] = [query.get('q') ?? '', query.get('resource') ?? ''];
    const resources = [...new Set(records.map((one) => one.resource))].sort();
    const found = this.recordList.found(records, { text, resource });
    return html`${this.recordList.opened(records, exchange)}
    ${filters(
      path,
      { label: 'Name, code, id or any text', hint: 'INV-1003, Harbour …', value: text },
      select('Resource', 'resource', [['', 'All'], ...resources], resource),
      { part: 'records' },
    )}
    ${this.recordList.list(found, exchange, link(path, { part: 'records' }), true)}`;
  }

  #usage({ group: { marketplace, uid } }: Company): Html {
    const [cost, byDay] = [this.usage.cost(marketplace, uid), this.usage.byDay(marketplace, uid)];
    if (cost.text === '' && byDay.text === '')
      return html`<div class="card">
        ${empty('box', 'No usage yet', html`Bills of <code>nestjs-maestrano/usage</code> are drawn here by month, and what your application reports by day.`)}
      </div>`;
    return html`${cost} ${byDay}`;
  }

  #events({ happened }: Company, exchange: SandboxExchange): Html {
    if (happened.length === 0)
      return html`<div class="card">
        ${empty('box', 'Nothing yet', 'Logins, charges and webhooks of this company appear here.', html`<a class="button" href="/logins/new">Sign in as somebody</a>`)}
      </div>`;
    const kind = exchange.query.get('kind');
    const shown = KINDS.some(([one]) => one === kind)
      ? happened.filter((one) => one.kind === kind)
      : happened;
    const page = listPage(shown, (one) => one.id, exchange, 'event');
    return html`${chips('Show', [
      { name: 'All', href: narrowed(exchange, { kind: null }), on: !kind, count: number(happened.length) },
      ...KINDS.map(([key, name]) => ({
        name,
        href: narrowed(exchange, { kind: key }),
        on: kind === key,
        count: number(happened.filter((one) => one.kind === key).length),
      })),
    ])}
    ${card(
      'Events',
      shown.length > 0 ? this.history.lines(page.items) : html`<p class="soft">Nothing of this kind yet.</p>`,
    )}
    ${shown.length > page.items.length ? page.pager : ''}`;
  }

  #memberships(user: SandboxUserRecord): Html {
    const all = this.state.memberships.filter(
      (one) => one.marketplace === user.marketplace && one.userUid === user.uid,
    );
    if (all.length === 0) return card('Companies', html`<p class="soft">Belongs to none any more.</p>`);
    const shown = all.slice(0, 50);
    return card(
      'Companies',
      html`${table(
        'Companies',
        [{ name: 'Company', kind: 'lead' }, { name: 'Role' }, { name: 'Session' }],
        shown.map((one) => [
          html`${this.pages.company(one.marketplace, one.groupUid)} <small>${one.groupUid}</small>`,
          one.role,
          this.people.session(one),
        ]),
      )}
      ${all.length > shown.length ? pager(`${shown.length} of ${number(all.length)} shown`, null, null) : ''}`,
      { flush: true },
    );
  }

  #subscription(group: SandboxGroupRecord): Html {
    const [next] = this.state.recurringBills
      .filter(
        (one) =>
          one.marketplace === group.marketplace &&
          one.groupId === group.uid &&
          one.nextExecutionAt !== null &&
          one.status !== 'cancelled',
      )
      .toSorted((a, b) => (a.nextExecutionAt ?? '').localeCompare(b.nextExecutionAt ?? ''));
    return card(
      'Subscription',
      keyValues([
        ...(next?.nextExecutionAt
          ? [
              [
                'Next bill',
                html`${day(next.nextExecutionAt)}, ${money(next.priceCents, next.currency)}`,
              ] as const,
            ]
          : []),
        ['Free trial', group.freeTrialEndAt ? at(group.freeTrialEndAt) : 'none'],
        ['Payment card', group.hasCreditCard ? pill('good', 'On file') : pill('warn', 'None')],
        ['Accounting', group.mainAccounting ?? 'none'],
        ['Channel', id(group.orgUid)],
      ]),
    );
  }

  #group(marketplace: string, uid: string): SandboxGroupRecord {
    const group = this.state.group(marketplace, uid);
    if (!group) throw new NotFoundException();
    return group;
  }
}

/** What a month's bills add up to, a currency each. */
function thisMonth(bills: readonly SandboxBillRecord[], now: number): string {
  const month = new Date(now).toISOString().slice(0, 7);
  const sums = new Map<string, number>();
  for (const { createdAt, status, currency, priceCents } of bills)
    if (createdAt.startsWith(month) && status !== 'cancelled')
      sums.set(currency, (sums.get(currency) ?? 0) + priceCents);
  if (sums.size === 0) return 'none this month';
  return `this month ${[...sums].map(([currency, cents]) => moneyText(cents, currency)).join(', ')}`;
}
