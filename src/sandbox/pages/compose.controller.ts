import { Post, Redirect } from '@nestjs/common';

import { isRecord } from '../../utils/values.js';
import { duration } from '../../views/format.js';
import { hiddenField, select, type Choice } from '../../views/form.js';
import { html, Html } from '../../views/html.js';
import { card, empty, rows } from '../../views/parts.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import { CATALOGUE, type CatalogueEvent, eventBody, USUAL_EVENT } from '../events/event-catalogue.js';
import { EventSender, STRANGER } from '../events/event-sender.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import type { SandboxGroupRecord } from '../state/records.js';
import { recordKey, SandboxState } from '../state/sandbox-state.js';
import type { Delivery, DeliveryCredentials, DeliveryOptions } from '../webhooks/delivery.js';
import { SandboxWebhooks } from '../webhooks/sandbox-webhooks.js';
import { type Back, back, link } from './back.js';
import { deliveryRow, isFailed } from './delivery-look.js';
import { Form, type FormFields } from './form.decorator.js';
import { Page, PageController } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { contains } from './paging.js';
import { SandboxPages } from './sandbox-pages.js';

/** Companies, people and records offered at once; more are searched. */
const OFFERED = 50;
const MAX_TIMES = 50;
const KINDS: Readonly<Record<string, readonly Delivery['kind'][]>> = {
  cancel: ['group'],
  stranger: ['group'],
  leave: ['group-user'],
};

/** What can happen at the marketplace, and how one tries it. */
@PageController('compose')
export class ComposeController {
  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly webhooks: SandboxWebhooks,
    private readonly events: EventSender,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  @Page('/')
  compose(@Exchange() exchange: SandboxExchange): string {
    const { query } = exchange;
    const event = CATALOGUE.find(({ key }) => key === query.get('event')) ?? USUAL_EVENT;
    const groups = this.#groups(query.get('q') ?? '', query.get('company') ?? '');
    const group = groups.find((one) => keyOf(one) === query.get('company')) ?? groups[0];
    return this.pages.render(exchange, {
      title: 'Send an event',
      lead: 'Choose what happens at the marketplace; your application is called as in production.',
      active: '/compose',
      body: html`<div class="split">
        <section class="card flush" aria-label="Events">
          ${this.#catalogue(event, query.get('company'))}
        </section>
        <div class="pane">
          ${query.has('event') ? html`<p class="backlink"><a href="/compose">Back to the list</a></p>` : ''}
          ${
            group || event.key === 'stranger'
              ? html`${event.key === 'stranger' ? '' : this.#chooseCompany(event, groups, group, query)}
                ${this.#form(event, group, query)}`
              : html`<div class="card">
                  ${empty('box', 'No company runs your application', 'Add one, or start the scenario again.', html`<a class="button" href="/companies/new">Add a company</a>`)}
                </div>`
          }
          ${this.#lastTimes(event)}
        </div>
      </div>`,
    });
  }

  @Post()
  @Redirect()
  async send(@Form() form: FormFields): Promise<Back> {
    const { event = '', company = '', user = '', body = '' } = form;
    const [named = '', group = ''] = splitKey(company);
    const marketplace = form['marketplace'] || named || undefined;
    const again = link('/compose', { event, company });
    if (event === 'leave' && !user) return back(again, 'Choose who leaves.', 'bad');
    const needsBody = CATALOGUE.some(({ key, resource }) => key === event && resource !== null);
    const entities = needsBody ? parse(body) : undefined;
    if (entities === null) return back(again, 'The body is no JSON object; nothing was sent.', 'bad');
    return noticeOf(
      await this.events.send({ event, marketplace, group, user, body: entities }, deliveryOptions(form)),
    );
  }

  #catalogue(chosen: CatalogueEvent, company: string | null): Html {
    const names = [...new Set(CATALOGUE.map(({ group }) => group))];
    return html`<ul class="rows">
      ${names.map(
        (name) =>
          html`<li class="day">${name}</li>
            ${CATALOGUE.filter(({ group }) => group === name).map(
              ({ key, method, title, note }) =>
                html`<li>
                  <a
                    class="row"
                    href="${link('/compose', { event: key, company })}"
                    ${key === chosen.key ? new Html('aria-current="true"') : ''}
                    ><span class="tag">${method}</span><span>${title}</span><span></span
                    ><span class="sub">${note}</span></a
                  >
                </li>`,
            )}`,
      )}
    </ul>`;
  }

  /** Which company: the page is made anew, with its people and records. */
  #chooseCompany(
    event: CatalogueEvent,
    groups: readonly SandboxGroupRecord[],
    group: SandboxGroupRecord | undefined,
    query: URLSearchParams,
  ): Html {
    const total = this.state.groups.size;
    const choices: Choice[] = groups.map((one) => [
      keyOf(one),
      `${one.name} (${one.marketplace}, ${one.uid})`,
    ]);
    const search =
      total > OFFERED || query.has('q')
        ? html`<label class="search"
            >Search companies<input
              type="search"
              name="q"
              value="${query.get('q') ?? ''}"
              placeholder="Name or id"
              maxlength="200"
          /></label>`
        : '';
    return html`<form class="filters" action="/compose">
      ${hiddenField('event', event.key)}${search}${select('Company', 'company', choices, group ? keyOf(group) : '')}<button>
        Choose
      </button>
    </form>`;
  }

  #form(event: CatalogueEvent, group: SandboxGroupRecord | undefined, query: URLSearchParams): Html {
    const danger = event.key === 'cancel' || event.key === 'leave';
    const fields = html`<header><h2>${event.title}</h2></header>
      ${hiddenField('event', event.key)}${group ? hiddenField('company', keyOf(group)) : ''}
      <p>${explanation(event, group)}</p>
      ${event.key === 'leave' && group ? this.#members(group, query.get('user') ?? '') : ''}
      ${event.resource !== null && group ? this.#body(event, event.resource, group, query) : ''}
      <details>
        <summary>How it is sent</summary>
        <div class="fields">
          ${
            event.key === 'stranger'
              ? select(
                  'Marketplace',
                  'marketplace',
                  this.marketplaces.list().map(({ name }) => name),
                )
              : ''
          }
          ${select('Credentials', 'credentials', [
            ['valid', 'Right'],
            ['old', 'The key before'],
            ['wrong', 'Wrong password'],
            ['none', 'None'],
            ...this.marketplaces.list().map(({ name }) => [`of:${name}`, `Those of ${name}`] as const),
          ])}
          <label
            >Times<input
              name="times"
              type="number"
              min="1"
              max="${MAX_TIMES}"
              value="${event.key === 'repeat' ? 2 : 1}"
          /></label>
          ${select('Spacing', 'burst', [
            ['', 'One after another'],
            ['on', 'All at once'],
          ])}
        </div>
      </details>
      <p class="actions">
        <button class="primary ${danger ? 'danger' : ''}">${buttonText(event, group)}</button>
      </p>`;
    return this.token.form('/compose', fields, { cls: 'card' });
  }

  #members(group: SandboxGroupRecord, chosen: string): Html {
    const { marketplace, uid } = group;
    const members = this.state.memberships
      .filter((one) => one.marketplace === marketplace && one.groupUid === uid)
      .slice(0, OFFERED)
      .map(({ userUid, role }) => [userUid, `${this.pages.person(marketplace, userUid)}, ${role}`] as const);
    if (members.length === 0) return html`<p class="bad">Nobody belongs to it.</p>`;
    return html`<div class="fields">${select('Who leaves', 'user', members, chosen)}</div>`;
  }

  #body(event: CatalogueEvent, resource: string, group: SandboxGroupRecord, query: URLSearchParams): Html {
    const { marketplace, uid } = group;
    const from = this.webhooks.deliveries.find(({ id }) => id === query.get('from'));
    const [first] = this.state.connec.list(marketplace, uid, resource);
    const body = eventBody(event.key, {
      resource,
      group: uid,
      record: first ?? null,
      now: this.clock.iso(),
      id: 'e32303c1-0000-4000-8000-000000002001',
    });
    const text = from?.body ? pretty(from.body) : JSON.stringify(body, null, 2);
    return html`<label
        >Body<textarea name="body" rows="14" spellcheck="false" required>${text}</textarea>
      </label>
      <p class="small soft">
        ${
          first
            ? html`Made of a record that the company has;
                <a href="${link('/records', { company: keyOf(group), resource })}">see all</a>.`
            : `The company has no ${resource}: this one is made up.`
        }
        Times are the sandbox clock’s.
      </p>`;
  }

  #lastTimes(event: CatalogueEvent): Html | string {
    const kinds = KINDS[event.key] ?? ['notification'];
    const last = this.webhooks.deliveries
      .filter(({ kind }) => kinds.includes(kind))
      .slice(-3)
      .reverse();
    if (last.length === 0) return '';
    const lines = last.map((one) => ({
      ...deliveryRow(one, this.pages.when(one.at), `/webhooks?open=${one.id}`),
      sub: `${one.marketplace} · ${duration(one.durationMs)}`,
    }));
    return card(`Last ${last.length === 1 ? 'time' : `${last.length} times`}`, rows(lines, { codes: true }), {
      flush: true,
    });
  }

  /** Running companies to choose from, the chosen one among them. */
  #groups(text: string, chosen: string): SandboxGroupRecord[] {
    const [marketplace = '', uid = ''] = splitKey(chosen);
    const picked = this.state.group(marketplace, uid);
    const found = this.state.groups
      .filter((one) => one.status === 'running' && contains(text, [one.name, one.uid]))
      .slice(0, OFFERED);
    return picked && text === '' && !found.includes(picked) ? [picked, ...found] : found;
  }
}

/** A company in an address or a form. */
function keyOf({ marketplace, uid }: SandboxGroupRecord): string {
  return recordKey(marketplace, uid).replace('\n', ' ');
}

/** Marketplace and id of {@link keyOf}; names of marketplaces hold no blank. */
function splitKey(key: string): string[] {
  const blank = key.lastIndexOf(' ');
  return blank < 0 ? [] : [key.slice(0, blank), key.slice(blank + 1)];
}

function explanation({ key }: CatalogueEvent, group: SandboxGroupRecord | undefined): Html {
  const name = html`<b><bdi>${group?.name ?? ''}</bdi></b>`;
  switch (key) {
    case 'cancel':
      return html`${name} cancels your application. Your webhook is called; then the company is terminated
      here: nobody signs in through it, and it cannot be charged any more.`;
    case 'leave':
      return html`A person is taken out of ${name}. Your webhook is called, and ends the person’s session.`;
    case 'stranger':
      return html`A webhook for <code>${STRANGER}</code>, which no marketplace has. Your application responds
        well, and does nothing.`;
    case 'repeat':
      return html`The same body arrives more than once. Your application does its work once.`;
    case 'older':
      return html`This body arrives first, then the same records as they were a minute before. The older ones
      must not win.`;
    default:
      return html`Somebody changes a record of ${name} elsewhere; your notification path is called.`;
  }
}

function buttonText({ key }: CatalogueEvent, group: SandboxGroupRecord | undefined): string {
  if (key === 'cancel') return `Cancel ${group?.name ?? 'it'}`;
  return key === 'leave' ? 'Take the person out' : 'Send';
}

function deliveryOptions(form: FormFields): DeliveryOptions & { times: number } {
  const { times, credentials = 'valid', burst } = form;
  return {
    times: Math.min(MAX_TIMES, Math.max(1, Number(times) || 1)),
    burst: Boolean(burst),
    credentials: credentials.startsWith('of:')
      ? { of: credentials.slice('of:'.length) }
      : (credentials as Exclude<DeliveryCredentials, object>),
  };
}

/** To what was sent last, with what the application responded. */
function noticeOf(deliveries: readonly Delivery[]): Back {
  const last = deliveries.at(-1);
  const responses = deliveries.slice(0, 10).map(({ status, error }) => status ?? error ?? 'none');
  const failed = deliveries.some((one) => isFailed(one));
  return back(
    link('/webhooks', { open: last?.id ?? null }),
    `Your application responded ${responses.join(', ')}${deliveries.length > 10 ? ' …' : ''}.`,
    failed ? 'bad' : 'good',
  );
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function pretty(text: string): string {
  const value = parse(text);
  return value ? JSON.stringify(value, null, 2) : text;
}
