import { Injectable } from '@nestjs/common';

import { hiddenField, select, type Choice } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import { type CatalogueEvent, eventBody } from '../events/event-catalogue.js';
import { STRANGER } from '../events/event-sender.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import type { SandboxGroupRecord, SandboxSavedEvent } from '../state/records.js';
import { recordKey, SandboxState } from '../state/sandbox-state.js';
import { isRecord } from '../../utils/values.js';
import type { DeliveryCredentials, DeliveryOptions } from '../webhooks/delivery.js';
import { WebhookSender } from '../webhooks/webhook-sender.js';
import { link } from './back.js';
import type { FormFields } from './form.decorator.js';
import { PageToken } from './page-token.js';
import { recordName } from './record-list.js';
import { SandboxPages } from './sandbox-pages.js';

/** Companies, people and records offered at once; more are searched. */
export const OFFERED = 50;
const MAX_TIMES = 50;
const MINUTE_MS = 60_000;
/** Fields that say how an event is sent. */
const MANNER = ['marketplace', 'credentials', 'times', 'spacing', 'connection'] as const;

/** What an event is composed of. */
export interface Composed {
  readonly event: CatalogueEvent;
  readonly group: SandboxGroupRecord | undefined;
  readonly query: URLSearchParams;
  /** The kept event that is opened. */
  readonly saved: SandboxSavedEvent | undefined;
}

/** The form in which an event is composed. */
@Injectable()
export class ComposeForm {
  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly sender: WebhookSender,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  /** Which company, and which of its records: the page is made anew, with its people and the body. */
  choose({ event, group, query }: Composed, groups: readonly SandboxGroupRecord[]): Html {
    const choices: Choice[] = groups.map((one) => [
      companyKey(one),
      `${one.name} (${one.marketplace}, ${one.uid})`,
    ]);
    const search =
      this.state.groups.size > OFFERED || query.has('q')
        ? html`<label class="search"
            >Search companies<input
              type="search"
              name="q"
              value="${query.get('q') ?? ''}"
              placeholder="Name or id"
              maxlength="200"
          /></label>`
        : '';
    const records =
      group && event.resource !== null
        ? this.state.connec.list(group.marketplace, group.uid, event.resource).slice(0, OFFERED)
        : [];
    return html`<form class="filters" action="/compose">
      ${hiddenField('event', event.key)}${search}${select('Company', 'company', choices, group ? companyKey(group) : '')}
      ${
        records.length > 1
          ? select(
              'Record',
              'record',
              records.map((one) => [one.id, recordName(one)] as const),
              query.get('record') ?? '',
            )
          : ''
      }<button>Choose</button>
    </form>`;
  }

  /** What is sent, and how. */
  form(composed: Composed): Html {
    const { event, group, query, saved } = composed;
    const danger = event.key === 'cancel' || event.key === 'leave';
    const fields = html`<header><h2>${saved ? html`<bdi>${saved.name}</bdi>` : event.title}</h2></header>
      ${hiddenField('event', event.key)}${group ? hiddenField('company', companyKey(group)) : ''}
      <p>${explanation(event, group)}</p>
      ${event.key === 'leave' && group ? this.#members(group, saved?.user ?? query.get('user') ?? '') : ''}
      ${event.resource !== null && group ? this.#body(composed, event.resource, group) : ''}
      ${this.#manner(composed)}
      <p class="actions">
        <button class="primary ${danger ? 'danger' : ''}">${buttonText(event, group)}</button>
        <button formaction="/compose/save">Save as my own event</button>
        <button formaction="/compose/command">As a command</button>
      </p>`;
    return this.token.form('/compose', fields, { cls: 'card' });
  }

  #manner({ event, saved }: Composed): Html {
    const manner = saved?.manner ?? {};
    const names = this.marketplaces.list().map(({ name }) => name);
    return html`<details ${saved && Object.keys(manner).length > 0 ? html`open` : ''}>
      <summary>How it is sent</summary>
      <div class="fields">
        ${event.key === 'stranger' ? select('Marketplace', 'marketplace', names, manner['marketplace']) : ''}
        ${select(
          'Credentials',
          'credentials',
          [
            ['valid', 'Right'],
            ['old', 'The key before'],
            ['wrong', 'Wrong password'],
            ['none', 'None'],
            ...names.map((name) => [`of:${name}`, `Those of ${name}`] as const),
          ],
          manner['credentials'],
        )}
        <label
          >Times<input
            name="times"
            type="number"
            min="1"
            max="${MAX_TIMES}"
            value="${manner['times'] ?? (event.key === 'repeat' ? 2 : 1)}"
        /></label>
        ${select(
          'Spacing',
          'spacing',
          [
            ['', 'One after another'],
            ['burst', 'All at once'],
            ['minute', 'One a minute'],
          ],
          manner['spacing'],
        )}
        ${select(
          'Connection',
          'connection',
          [
            ['', 'Normal'],
            ['response', 'Cut before the response'],
            ['body', 'Cut after half of the body'],
          ],
          manner['connection'],
        )}
      </div>
    </details>`;
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

  #body({ event, query, saved }: Composed, resource: string, group: SandboxGroupRecord): Html {
    const { marketplace, uid } = group;
    const from = this.sender.deliveries.find(({ id }) => id === query.get('from'));
    const records = this.state.connec.list(marketplace, uid, resource);
    const record = records.find(({ id }) => id === query.get('record')) ?? records[0] ?? null;
    const body = eventBody(event.key, {
      resource,
      group: uid,
      record,
      now: this.clock.iso(),
      id: 'e32303c1-0000-4000-8000-000000002001',
    });
    const text = saved?.body ?? (from?.body ? pretty(from.body) : JSON.stringify(body, null, 2));
    return html`<label
        >Body<textarea name="body" rows="14" spellcheck="false" required>${text}</textarea>
      </label>
      <p class="small soft">
        ${
          saved
            ? 'As you kept it: its times are those of then.'
            : record
              ? html`Made of a record that the company has;
                  <a href="${link('/records', { company: companyKey(group), resource })}">see all</a>. Times
                  are the sandbox clock’s.`
              : `The company has no ${resource}: this one is made up. Times are the sandbox clock’s.`
        }
      </p>`;
  }
}

/** A company in an address or a form. */
export function companyKey({ marketplace, uid }: SandboxGroupRecord): string {
  return recordKey(marketplace, uid).replace('\n', ' ');
}

/** Marketplace and id of {@link companyKey}; names of marketplaces hold no blank. */
export function splitKey(key: string): string[] {
  const blank = key.lastIndexOf(' ');
  return blank < 0 ? [] : [key.slice(0, blank), key.slice(blank + 1)];
}

/** How a form wants an event sent. */
export function deliveryOptions(form: FormFields): DeliveryOptions & { times: number } {
  const { times, credentials = 'valid', spacing, connection } = form;
  return {
    times: Math.min(MAX_TIMES, Math.max(1, Number(times) || 1)),
    burst: spacing === 'burst',
    ...(spacing === 'minute' ? { spacingMs: MINUTE_MS } : {}),
    ...(connection === 'response' || connection === 'body' ? { cut: connection } : {}),
    credentials: credentials.startsWith('of:')
      ? { of: credentials.slice('of:'.length) }
      : (credentials as Exclude<DeliveryCredentials, object>),
  };
}

/** The fields of a form that say how it is sent, as far as they are not the usual ones. */
export function mannerOf(form: FormFields): Readonly<Record<string, string>> {
  const usual: FormFields = { credentials: 'valid', times: '1' };
  return Object.fromEntries(
    MANNER.flatMap((name) => {
      const value = form[name];
      return value && value !== usual[name] ? [[name, value.slice(0, 200)]] : [];
    }),
  );
}

/** A body as it is typed; null where it is no JSON object. */
export function parseBody(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function pretty(text: string): string {
  const value = parseBody(text);
  return value ? JSON.stringify(value, null, 2) : text;
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
    case 'own':
      return html`A notification of ${name}, as you write it. No record changes at Connec!.`;
    default:
      return html`Somebody changes a record of ${name} elsewhere: it is written to Connec!, and your
      notification path is called.`;
  }
}

function buttonText({ key }: CatalogueEvent, group: SandboxGroupRecord | undefined): string {
  if (key === 'cancel') return `Cancel ${group?.name ?? 'it'}`;
  return key === 'leave' ? 'Take the person out' : 'Send';
}
