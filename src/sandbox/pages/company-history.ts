import { Injectable } from '@nestjs/common';

import { money } from '../../views/format.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import { card, timeline, type Tone } from '../../views/parts.js';
import { LoginLog, type LoginRecord, loginState } from '../login/login-log.js';
import type { SandboxGroupRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import type { Delivery } from '../webhooks/delivery.js';
import { WebhookSender } from '../webhooks/webhook-sender.js';
import { link } from './back.js';
import { deliveryTitle, deliveryTone } from './delivery-look.js';
import { loginsByDay } from './login-charts.js';
import { loginLook } from './login-look.js';
import { SandboxPages } from './sandbox-pages.js';

const VERBS = {
  accepted: 'signed in',
  rejected: 'was rejected',
  sent: 'was sent to your application',
} as const;

/** Where something that happened comes from. */
export type HappeningKind = 'login' | 'charge' | 'webhook' | 'company';

/** One thing that happened to a company. */
export interface Happening {
  /** Unique among those of the company. */
  readonly id: string;
  readonly kind: HappeningKind;
  /** ISO 8601. */
  readonly at: string;
  readonly tone: Tone;
  readonly text: HtmlValue;
  readonly note?: HtmlValue;
}

/** What happened to a company: logins, charges, webhooks. */
@Injectable()
export class CompanyHistory {
  constructor(
    private readonly state: SandboxState,
    private readonly logins: LoginLog,
    private readonly sender: WebhookSender,
    private readonly pages: SandboxPages,
  ) {}

  /** Everything that is known, newest first. */
  of(group: SandboxGroupRecord): Happening[] {
    const { marketplace, uid, status, updatedAt } = group;
    const happenings: Happening[] = [
      ...this.#loginsOf(group).map((one) => this.#login(one)),
      ...this.state.bills
        .filter((one) => one.marketplace === marketplace && one.groupId === uid)
        .map((bill): Happening => ({
          id: bill.id,
          kind: 'charge',
          at: bill.createdAt,
          tone: 'info',
          text: html`<b>Your application charged</b> ${money(bill.priceCents, bill.currency)}`,
          note: html`<bdi>${bill.description}</bdi>,
            <a href="${link('/bills', { q: bill.id, marketplace })}">${bill.id}</a>`,
        })),
      ...this.deliveriesOf(group).map((one): Happening => ({
        id: one.id,
        kind: 'webhook',
        at: one.at,
        tone: deliveryTone(one),
        text: html`<b>${deliveryTitle(one)}</b>`,
        note: html`<a href="/webhooks?open=${one.id}"
          >Your application responded ${one.status ?? 'nothing'}</a
        >`,
      })),
    ];
    if (status === 'terminated')
      happenings.push({
        id: 'cancelled',
        kind: 'company',
        at: updatedAt,
        tone: 'warn',
        text: html`<b>The company cancelled</b>`,
      });
    return happenings.sort((a, b) => b.at.localeCompare(a.at));
  }

  /** Webhooks that are about a company: its id stands in the address or in the body. */
  deliveriesOf({ marketplace, uid }: SandboxGroupRecord): Delivery[] {
    const own = new RegExp(`(?:^|[/"=])${uid.replaceAll(/[^\w-]/g, String.raw`\$&`)}(?:$|[/"?&])`);
    return this.sender.deliveries.filter(
      (one) => one.marketplace === marketplace && (own.test(one.url) || own.test(one.body ?? '')),
    );
  }

  /** Some of it as lines. */
  lines(happenings: readonly Happening[]): Html {
    return timeline(
      happenings.map(({ tone, text, note, at }) => [tone, html`${text} · ${this.pages.when(at)}`, note]),
    );
  }

  /** Logins of the last weeks, a square a day. */
  loginsByDay(group: SandboxGroupRecord): Html {
    return card('Logins', loginsByDay(this.#loginsOf(group), this.pages.now));
  }

  #loginsOf({ marketplace, uid }: SandboxGroupRecord): LoginRecord[] {
    return this.logins.list().filter((one) => one.marketplace === marketplace && one.group === uid);
  }

  #login(one: LoginRecord): Happening {
    return {
      id: one.id,
      kind: 'login',
      at: one.at,
      tone: loginLook(one).tone,
      text: html`<b><bdi>${this.pages.person(one.marketplace, one.user)}</bdi> ${VERBS[loginState(one)]}</b>`,
      note: html`<a href="/logins?open=${one.id}">${one.response?.code ?? 'The login'}</a>`,
    };
  }
}
