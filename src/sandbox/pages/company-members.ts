import { Injectable } from '@nestjs/common';

import { number } from '../../views/format.js';
import { filters, select } from '../../views/form.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import { card, empty, pill, table } from '../../views/parts.js';
import type { SandboxExchange } from '../http/exchange.js';
import { LoginLog, type LoginRecord, loginState } from '../login/login-log.js';
import type { SandboxGroupRecord, SandboxMembershipRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { link } from './back.js';
import { loginLook } from './login-look.js';
import { PageToken } from './page-token.js';
import { contains, listPage, narrowed } from './paging.js';
import { companyPath, SandboxPages } from './sandbox-pages.js';

/** Roles that a member may have. */
export const ROLES = ['Member', 'Power User', 'Admin', 'Super Admin', 'Guest'];

/** Members of the first page of a company. */
const FIRST = 6;

/** First and last name of a new person; without an example they are empty. */
export function personFields(example = 'Lee'): Html {
  return html`<label
      >First name<input name="name" required maxlength="80" value="${example ? 'Kim' : ''}"
    /></label>
    <label>Last name<input name="surname" required maxlength="80" value="${example}" /></label>`;
}

/** Whether a session of a login holds, as far as the marketplace knows. */
export function holds(login: LoginRecord): boolean {
  return login.endedAt === null && login.sent === 'valid' && loginState(login) === 'accepted';
}

/** The page of a person within a company. */
export function personPath({ marketplace, uid }: SandboxGroupRecord, user: string): string {
  return `${companyPath(marketplace, uid)}/people/${encodeURIComponent(user)}`;
}

/** Who belongs to a company, with the sessions that can be ended. */
@Injectable()
export class CompanyMembers {
  constructor(
    private readonly state: SandboxState,
    private readonly logins: LoginLog,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  /** The memberships of a company, in the order of joining. */
  of({ marketplace, uid }: SandboxGroupRecord): SandboxMembershipRecord[] {
    return this.state.memberships.filter((one) => one.marketplace === marketplace && one.groupUid === uid);
  }

  /** How many of some members are signed in through their company. */
  signedIn(members: readonly SandboxMembershipRecord[]): number {
    return members.filter((one) => this.#isIn(one)).length;
  }

  /** The first few, leading on to all. */
  first(group: SandboxGroupRecord, members: readonly SandboxMembershipRecord[], all: string): Html {
    return card('Members', html`${this.#table(group, members.slice(0, FIRST))}${this.#add(group)}`, {
      flush: true,
      id: 'members',
      aside: members.length > FIRST ? html`<a href="${all}">All ${number(members.length)}</a>` : '',
    });
  }

  /** All of them: searched, by session, page by page. */
  all(
    group: SandboxGroupRecord,
    members: readonly SandboxMembershipRecord[],
    exchange: SandboxExchange,
  ): Html {
    const { query } = exchange;
    const [text, session] = [query.get('q') ?? '', query.get('session') ?? ''];
    const found = members.filter((one) => {
      const user = this.state.user(one.marketplace, one.userUid);
      return (
        contains(text, [one.userUid, user?.email, user && `${user.name} ${user.surname}`, one.role]) &&
        (!session || this.#isIn(one) === (session === 'in'))
      );
    });
    const { items, pager } = listPage(found, ({ userUid }) => userUid, exchange, 'member');
    return html`${filters(
      exchange.path,
      { label: 'Person, address, role or id', hint: 'Ana, usr-1 …', value: text },
      select(
        'Session',
        'session',
        [
          ['', 'All'],
          ['in', 'Signed in'],
          ['out', 'Not signed in'],
        ],
        session,
      ),
      { part: 'members' },
    )}
    ${
      found.length === 0 && members.length > 0
        ? html`<div class="card">
            ${empty('key', 'Nothing matches', 'No member fits what you chose.', html`<a class="button" href="${narrowed(exchange, { q: null, session: null })}">Clear the filter</a>`)}
          </div>`
        : card(
            'Members',
            html`${this.#table(group, items)}${members.length > 0 ? pager : ''}${this.#add(group)}`,
            {
              flush: true,
              id: 'members',
            },
          )
    }`;
  }

  /** A session that holds, one that ended, or none. */
  session(one: SandboxMembershipRecord): HtmlValue {
    const held = this.#held(one);
    if (held) return html`${pill('good', 'Signed in')} <small>${this.pages.when(held.at)}</small>`;
    const last = this.logins.lastOf(one.marketplace, one.userUid, one.groupUid);
    return html`${pill('idle', last?.endedAt ? 'Ended' : 'None')}
      <small>${last ? this.pages.when(last.at) : 'never here'}</small>`;
  }

  /** The logins of a person at a marketplace, newest first, with the session that each of them began. */
  sessionsOf(marketplace: string, user: string, exchange: SandboxExchange): Html {
    const all = this.logins
      .list()
      .filter((one) => one.marketplace === marketplace && one.user === user)
      .toReversed();
    if (all.length === 0)
      return card('Sessions', html`<p class="soft">This person has not gone to your application yet.</p>`);
    const { items, pager } = listPage(all, ({ id }) => id, exchange, 'login');
    const lines = items.map((one): HtmlValue[] => {
      const { tone, word } = loginLook(one);
      return [
        html`<a href="/logins?open=${one.id}">${this.pages.companyName(marketplace, one.group)}</a>`,
        this.pages.when(one.at),
        pill(tone, word),
        holds(one)
          ? pill('good', 'Holds')
          : one.endedAt
            ? html`${pill('idle', 'Ended')} <small>${this.pages.when(one.endedAt)}</small>`
            : pill('idle', 'None'),
        one.checkedAt ? this.pages.when(one.checkedAt) : 'not yet',
      ];
    });
    return card(
      'Sessions',
      html`${table(
        'Sessions',
        [
          { name: 'Company', kind: 'lead' },
          { name: 'Signed in' },
          { name: 'Login' },
          { name: 'Session' },
          { name: 'First asked' },
        ],
        lines,
      )}${pager}`,
      { flush: true },
    );
  }

  #table(group: SandboxGroupRecord, members: readonly SandboxMembershipRecord[]): Html {
    if (members.length === 0) return html`<div class="pager"><span>Nobody belongs to it.</span></div>`;
    const { marketplace, uid } = group;
    const lines = members.map((one): HtmlValue[] => {
      const user = this.state.user(marketplace, one.userUid);
      const fields = { marketplace, user: one.userUid, group: uid };
      const company = `${marketplace} ${uid}`;
      return [
        html`<a href="${personPath(group, one.userUid)}"
            ><bdi>${this.pages.person(marketplace, one.userUid)}</bdi></a
          >
          <small>${user?.email ?? ''} · ${one.userUid}</small>`,
        one.role,
        this.session(one),
        html`<span class="actions">
          ${group.status === 'running' ? this.token.action('/logins/attempt', 'Sign in', fields, { mini: true }) : ''}
          ${this.#isIn(one) ? this.token.action(`${companyPath(marketplace, uid)}/sessions`, 'End session', { user: one.userUid }, { mini: true }) : ''}
          <a
            class="button mini danger"
            href="${link('/compose', { event: 'leave', company, user: one.userUid })}"
            >Remove…</a
          >
        </span>`,
      ];
    });
    return table(
      'Members',
      [
        { name: 'Person', kind: 'lead' },
        { name: 'Role' },
        { name: 'Session' },
        { name: 'Actions', hide: true, kind: 'act' },
      ],
      lines,
    );
  }

  #add({ marketplace, uid }: SandboxGroupRecord): Html {
    const form = this.token.form(
      `${companyPath(marketplace, uid)}/people`,
      html`<div class="fields">${personFields('')}${select('Role', 'role', ROLES)}</div>
        <p class="actions"><button>Add a person</button></p>`,
    );
    return html`<div class="pager">
      <details>
        <summary>Add a person</summary>
        ${form}
      </details>
    </div>`;
  }

  #isIn(one: SandboxMembershipRecord): boolean {
    return this.#held(one) !== undefined;
  }

  /** The newest login whose session holds: a later one that was rejected ended nothing. */
  #held({ marketplace, userUid, groupUid }: SandboxMembershipRecord): LoginRecord | undefined {
    return this.logins
      .list()
      .findLast(
        (one) =>
          one.marketplace === marketplace && one.user === userUid && one.group === groupUid && holds(one),
      );
  }
}
