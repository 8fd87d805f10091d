import { Injectable } from '@nestjs/common';

import { PACKAGE_VERSION } from '../../utils/package-version.js';
import { dayHeading, when } from '../../views/format.js';
import { html, type Html } from '../../views/html.js';
import { layout, type PageContent, type Site } from '../../views/layout.js';
import type { Tone } from '../../views/parts.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import type { SandboxExchange } from '../http/exchange.js';
import { LoginLog } from '../login/login-log.js';
import { SandboxState } from '../state/sandbox-state.js';
import { WebhookSender } from '../webhooks/webhook-sender.js';
import { isFailed } from './delivery-look.js';
import { link } from './back.js';

/** What a page of the sandbox says; the frame is the same for all. */
export type SandboxPageContent = Omit<PageContent, 'now' | 'exact' | 'exactHref' | 'notice'>;

const TONES: readonly Tone[] = ['good', 'info', 'warn', 'bad'];

/** Puts the sandbox's frame around its pages: navigation with what needs somebody, notice, the sandbox's time. */
@Injectable()
export class SandboxPages {
  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly logins: LoginLog,
    private readonly sender: WebhookSender,
  ) {}

  /** A whole page. */
  render(exchange: SandboxExchange, content: SandboxPageContent): string {
    const { query, path } = exchange;
    const done = query.get('done');
    const tone = TONES.find((one) => one === query.get('tone')) ?? 'good';
    const parameters = Object.fromEntries(query);
    return layout(this.#site(), {
      ...content,
      notice: done ? { text: done, tone } : null,
      now: this.clock.now().toISOString(),
      exact: query.get('times') === 'exact',
      exactHref: link(path, { ...parameters, done: null, tone: null, times: 'exact' }),
    });
  }

  /** A moment of the sandbox's time, relative to its present. */
  when(iso: string): Html {
    return when(iso, this.now);
  }

  /** The day of a moment, as a heading in a list says it. */
  day(iso: string): string {
    return dayHeading(iso, this.now);
  }

  /** The sandbox's present, milliseconds since 1970. */
  get now(): number {
    return this.clock.now().getTime();
  }

  /** The name of a company, leading to its page; its id where it is not known any more. */
  company(marketplace: string, uid: string): Html {
    const name = this.state.group(marketplace, uid)?.name;
    if (name === undefined) return html`<code>${uid}</code>`;
    return html`<a href="${companyPath(marketplace, uid)}"><bdi>${name}</bdi></a>`;
  }

  /** The name of a company; its id where it is not known any more. */
  companyName(marketplace: string, uid: string): string {
    return this.state.group(marketplace, uid)?.name ?? uid;
  }

  /** A person's name; the id where the person is not known. */
  person(marketplace: string, uid: string): string {
    const user = this.state.user(marketplace, uid);
    return user ? `${user.name} ${user.surname}` : uid;
  }

  #site(): Site {
    const moved = this.clock.isFrozen || Math.abs(this.clock.offsetMs) > 1_000;
    return {
      name: 'Sandbox marketplace',
      kind: 'sandbox',
      brand: { name: 'Maestrano', small: 'sandbox marketplace' },
      navigation: [
        {
          title: '',
          places: [
            { path: '/', name: 'Overview' },
            { path: '/logins', name: 'Logins', problems: this.logins.problems },
            {
              path: '/webhooks',
              name: 'Webhooks',
              problems: this.sender.deliveries.filter((one) => isFailed(one)).length,
            },
            { path: '/bills', name: 'Bills' },
            { path: '/journal', name: 'Journal' },
          ],
        },
        {
          title: 'The marketplace',
          places: [
            { path: '/companies', name: 'Companies' },
            { path: '/compose', name: 'Send an event' },
            { path: '/records', name: 'Records' },
            { path: '/synchronization', name: 'Synchronization' },
            { path: '/marketplaces', name: 'Marketplaces' },
            { path: '/faults', name: 'Faults and clock' },
          ],
        },
      ],
      status: html`<b>Sandbox</b>: nothing here is
        real${moved ? html` · <a href="/faults">its clock was moved</a>` : ''}`,
      foot: html`nestjs-maestrano ${PACKAGE_VERSION}<br />Application:
        <b>${this.state.appUrl.replace(/^https?:\/\//, '')}</b><br /><a href="/reset">Start again…</a>`,
    };
  }
}

/** The page of a company. */
export function companyPath(marketplace: string, uid: string): string {
  return `/companies/${encodeURIComponent(marketplace)}/${encodeURIComponent(uid)}`;
}
