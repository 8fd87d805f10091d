import { NotFoundException, Param, Post, Redirect } from '@nestjs/common';

import { at, day, money, moneyText, number } from '../../views/format.js';
import { select } from '../../views/form.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import { card, id, keyValues, pill, table, tile, timeline, type Tone } from '../../views/parts.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { LoginLog, loginState } from '../login/login-log.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { ScenarioBuilder } from '../scenarios/scenario-builder.js';
import type { SandboxGroupRecord, SandboxMembershipRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { WebhookSender } from '../webhooks/webhook-sender.js';
import { type Back, back, link } from './back.js';
import { ChargesCharts } from './charges-charts.js';
import { deliveryTitle, deliveryTone } from './delivery-look.js';
import { Form, type FormFields } from './form.decorator.js';
import { loginLook } from './login-look.js';
import { Page, PageController } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { companyPath, SandboxPages } from './sandbox-pages.js';
import { UsageCards } from './usage-cards.js';

const ROLES = ['Member', 'Power User', 'Admin', 'Super Admin', 'Guest'];
/** Members and events of one page. */
const MEMBERS = 100;
const EVENTS = 8;

interface Happening {
  readonly iso: string;
  readonly tone: Tone;
  readonly text: HtmlValue;
  readonly note?: HtmlValue;
}

/** One customer of a marketplace: who belongs to it, what it was charged, what happened; and adding another. */
@PageController('companies')
export class CompaniesController {
  constructor(
    private readonly state: SandboxState,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly build: ScenarioBuilder,
    private readonly logins: LoginLog,
    private readonly sender: WebhookSender,
    private readonly charts: ChargesCharts,
    private readonly usage: UsageCards,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  @Page('new')
  ask(@Exchange() exchange: SandboxExchange): string {
    const names = this.marketplaces.list().map(({ name }) => name);
    const form = this.token.form(
      '/companies',
      html`<div class="fields">
          ${select('Marketplace', 'marketplace', names)}
          <label>Company<input name="company" required maxlength="80" value="Blue Gum Timber" /></label>
          <label
            >Currency<input name="currency" required pattern="[A-Z]{3}" maxlength="3" value="AUD"
          /></label>
        </div>
        <h2>Its first person</h2>
        <div class="fields">${personFields()}</div>
        <p class="actions">
          <button class="primary">Add</button><a class="button quiet" href="/companies">Leave it</a>
        </p>`,
      { cls: 'card' },
    );
    return this.pages.render(exchange, {
      title: 'Add a company',
      active: '/companies',
      crumbs: [['Companies', '/companies']],
      body: form,
    });
  }

  @Post()
  @Redirect()
  add(@Form() { marketplace = '', company = '', currency = '', ...person }: FormFields): Back {
    const { name } = this.marketplaces.get(marketplace);
    if (!company.trim() || !/^[A-Z]{3}$/.test(currency))
      return back('/companies/new', 'A company has a name, and a currency of three letters.', 'bad');
    const uid = this.#free('cld', (one) => this.state.group(name, one) !== undefined);
    this.build.group(name, { uid, name: company.trim(), currency });
    const added = this.#addPerson(name, uid, { role: 'Admin', ...person });
    return back(companyPath(name, uid), `${company.trim()} runs your application; ${added} belongs to it.`);
  }

  @Page(':marketplace/:uid')
  company(
    @Exchange() exchange: SandboxExchange,
    @Param('marketplace') marketplace: string,
    @Param('uid') uid: string,
  ): string {
    const group = this.#group(marketplace, uid);
    const key = `${marketplace} ${uid}`;
    const members = this.state.memberships.filter(
      (one) => one.marketplace === marketplace && one.groupUid === uid,
    );
    const records = [...this.state.connec.resources(marketplace, uid).values()].reduce(
      (sum, one) => sum + one,
      0,
    );
    const bills = this.state.bills.filter((one) => one.marketplace === marketplace && one.groupId === uid);
    const runs = group.status === 'running';
    const happened = this.#happened(group);
    return this.pages.render(exchange, {
      title: group.name,
      lead: html`${id(uid)} on <b>${marketplace}</b> ·
        ${[group.city, group.country, group.currency].filter(Boolean).join(', ')} · customer since
        ${day(group.createdAt)} ${runs ? '' : pill('idle', 'Cancelled')}`,
      active: '/companies',
      crumbs: [['Companies', '/companies']],
      live: '/journal/events',
      actions: runs
        ? html`<a class="button" href="${link('/compose', { event: 'invoice', company: key })}"
              >Send an event</a
            ><a class="button danger" href="${link('/compose', { event: 'cancel', company: key })}"
              >Cancel the company…</a
            >`
        : '',
      body: html`<div class="tiles">
          ${tile('Members', number(members.length), `${number(members.filter((one) => this.#isIn(one)).length)} signed in`, '#members')}
          ${tile('Bills', number(bills.length), thisMonth(bills, this.pages.now), link('/bills', { marketplace, group: uid }))}
          ${tile('Records', number(records), 'in Connec!', link('/records', { company: key }))}
          ${tile('Logins', number(this.logins.list().filter((one) => one.marketplace === marketplace && one.group === uid).length), 'through this company', link('/logins', { q: uid, marketplace }))}
        </div>
        <div class="two left">
          <div class="stack">
            ${this.#members(group, members)} ${this.usage.byDay(marketplace, uid)}
            ${card(
              'What happened',
              happened.length > 0
                ? timeline(
                    happened.map(({ tone, text, note, iso }) => [
                      tone,
                      html`${text} · ${this.pages.when(iso)}`,
                      note,
                    ]),
                  )
                : html`<p class="soft">Nothing yet.</p>`,
            )}
          </div>
          <div class="stack">
            ${this.usage.cost(marketplace, uid)} ${this.charts.card({ marketplace, group: uid })}
            ${this.#subscription(group)}
          </div>
        </div>`,
    });
  }

  @Post(':marketplace/:uid/people')
  @Redirect()
  addPerson(
    @Param('marketplace') marketplace: string,
    @Param('uid') uid: string,
    @Form() form: FormFields,
  ): Back {
    const { name } = this.#group(marketplace, uid);
    return back(
      companyPath(marketplace, uid),
      `${this.#addPerson(marketplace, uid, form)} belongs to ${name}.`,
    );
  }

  @Post(':marketplace/:uid/sessions')
  @Redirect()
  endSession(
    @Param('marketplace') marketplace: string,
    @Param('uid') uid: string,
    @Form() { user = '' }: FormFields,
  ): Back {
    const record = this.state.user(marketplace, user);
    if (!record) throw new NotFoundException();
    record.ssoSession = this.state.nextToken();
    this.logins.ended(marketplace, user);
    return back(
      companyPath(marketplace, uid),
      `${this.pages.person(marketplace, user)} is signed out of the marketplace; your application learns it at its next check.`,
    );
  }

  #members(group: SandboxGroupRecord, members: readonly SandboxMembershipRecord[]): Html {
    const { marketplace, uid } = group;
    const runs = group.status === 'running';
    const rows = members.slice(0, MEMBERS).map((one): HtmlValue[] => {
      const user = this.state.user(marketplace, one.userUid);
      const last = this.logins.lastOf(marketplace, one.userUid, uid);
      const fields = { marketplace, user: one.userUid, group: uid };
      return [
        html`<bdi>${this.pages.person(marketplace, one.userUid)}</bdi>
          <small>${user?.email ?? ''} · ${one.userUid}</small>`,
        one.role,
        this.#isIn(one)
          ? html`${pill('good', 'Signed in')} <small>${last ? this.pages.when(last.at) : ''}</small>`
          : html`${pill('idle', last?.endedAt ? 'Ended' : 'None')}
              <small>${last ? this.pages.when(last.at) : 'never here'}</small>`,
        html`<span class="actions">
          ${runs ? this.token.action('/logins/attempt', 'Sign in', fields, { mini: true }) : ''}
          ${this.#isIn(one) ? this.token.action(`${companyPath(marketplace, uid)}/sessions`, 'End session', { user: one.userUid }, { mini: true }) : ''}
          <a
            class="button mini danger"
            href="${link('/compose', { event: 'leave', company: `${marketplace} ${uid}`, user: one.userUid })}"
            >Remove…</a
          >
        </span>`,
      ];
    });
    const add = this.token.form(
      `${companyPath(marketplace, uid)}/people`,
      html`<div class="fields">${personFields('')}${select('Role', 'role', ROLES)}</div>
        <p class="actions"><button>Add a person</button></p>`,
    );
    return card(
      'Members',
      html`${
          rows.length > 0
            ? table(
                'Members',
                [
                  { name: 'Person', kind: 'lead' },
                  { name: 'Role' },
                  { name: 'Session' },
                  { name: 'Actions', hide: true, kind: 'act' },
                ],
                rows,
              )
            : html`<div class="pager"><span>Nobody belongs to it.</span></div>`
        }
        <div class="pager">
          <details>
            <summary>Add a person</summary>
            ${add}
          </details>
        </div>`,
      {
        flush: true,
        id: 'members',
        aside: members.length > MEMBERS ? `${MEMBERS} of ${number(members.length)}` : '',
      },
    );
  }

  #subscription(group: SandboxGroupRecord): Html {
    const recurring = this.state.recurringBills.filter(
      (one) =>
        one.marketplace === group.marketplace &&
        one.groupId === group.uid &&
        one.nextExecutionAt !== null &&
        one.status !== 'cancelled',
    );
    const [next] = recurring.toSorted((a, b) =>
      (a.nextExecutionAt ?? '').localeCompare(b.nextExecutionAt ?? ''),
    );
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

  /** Logins, bills and webhooks of a company, newest first. */
  #happened({ marketplace, uid, status, updatedAt }: SandboxGroupRecord): Happening[] {
    const events: Happening[] = [];
    for (const one of this.logins.list()) {
      if (one.marketplace !== marketplace || one.group !== uid) continue;
      const verb = { accepted: 'signed in', rejected: 'was rejected', sent: 'was sent to your application' }[
        loginState(one)
      ];
      events.push({
        iso: one.at,
        tone: loginLook(one).tone,
        text: html`<b><bdi>${this.pages.person(marketplace, one.user)}</bdi> ${verb}</b>`,
        note: html`<a href="/logins?open=${one.id}">${one.response?.code ?? 'The login'}</a>`,
      });
    }
    for (const bill of this.state.bills) {
      if (bill.marketplace !== marketplace || bill.groupId !== uid) continue;
      events.push({
        iso: bill.createdAt,
        tone: 'info',
        text: html`<b>Your application charged</b> ${money(bill.priceCents, bill.currency)}`,
        note: html`<bdi>${bill.description}</bdi>,
          <a href="${link('/bills', { q: bill.id, marketplace })}">${bill.id}</a>`,
      });
    }
    const own = new RegExp(`(?:^|[/"=])${uid.replaceAll(/[^\w-]/g, String.raw`\$&`)}(?:$|[/"?&])`);
    for (const one of this.sender.deliveries) {
      if (one.marketplace !== marketplace || !(own.test(one.url) || own.test(one.body ?? ''))) continue;
      events.push({
        iso: one.at,
        tone: deliveryTone(one),
        text: html`<b>${deliveryTitle(one)}</b>`,
        note: html`<a href="/webhooks?open=${one.id}"
          >Your application responded ${one.status ?? 'nothing'}</a
        >`,
      });
    }
    if (status === 'terminated')
      events.push({ iso: updatedAt, tone: 'warn', text: html`<b>The company cancelled</b>` });
    return events.sort((a, b) => b.iso.localeCompare(a.iso)).slice(0, EVENTS);
  }

  #isIn({ marketplace, userUid, groupUid }: SandboxMembershipRecord): boolean {
    const last = this.logins.lastOf(marketplace, userUid, groupUid);
    return (
      last !== undefined && last.endedAt === null && last.sent === 'valid' && loginState(last) === 'accepted'
    );
  }

  #addPerson(
    marketplace: string,
    group: string,
    { name = '', surname = '', role = 'Member' }: FormFields,
  ): string {
    const uid = this.#free('usr', (one) => this.state.user(marketplace, one) !== undefined);
    const user = this.build.user(marketplace, {
      uid,
      name: name.trim() || 'Somebody',
      surname: surname.trim() || 'New',
    });
    this.build.member(marketplace, uid, group, ROLES.find((one) => one === role) ?? 'Member');
    return `${user.name} ${user.surname} (${uid})`;
  }

  /** An id that nobody has: scenarios name theirs themselves. */
  #free(kind: string, isTaken: (id: string) => boolean): string {
    for (;;) {
      const uid = this.state.nextId(kind);
      if (!isTaken(uid)) return uid;
    }
  }

  #group(marketplace: string, uid: string): SandboxGroupRecord {
    const group = this.state.group(marketplace, uid);
    if (!group) throw new NotFoundException();
    return group;
  }
}

function personFields(example = 'Lee'): Html {
  return html`<label
      >First name<input name="name" required maxlength="80" value="${example ? 'Kim' : ''}"
    /></label>
    <label>Last name<input name="surname" required maxlength="80" value="${example}" /></label>`;
}

/** What a month's bills add up to, a currency each. */
function thisMonth(
  bills: readonly { createdAt: string; status: string; currency: string; priceCents: number }[],
  now: number,
): string {
  const month = new Date(now).toISOString().slice(0, 7);
  const sums = new Map<string, number>();
  for (const { createdAt, status, currency, priceCents } of bills)
    if (createdAt.startsWith(month) && status !== 'cancelled')
      sums.set(currency, (sums.get(currency) ?? 0) + priceCents);
  if (sums.size === 0) return 'none this month';
  return `this month ${[...sums].map(([currency, cents]) => moneyText(cents, currency)).join(', ')}`;
}
