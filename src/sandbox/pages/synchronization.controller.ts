import { NotFoundException, Post, Redirect } from '@nestjs/common';

import { isRecord } from '../../utils/values.js';
import { count } from '../../views/format.js';
import { filters, select } from '../../views/form.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import { card, empty, pill, table, type Tone } from '../../views/parts.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import type { SandboxGroupRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import type { Delivery } from '../webhooks/delivery.js';
import { SandboxWebhooks } from '../webhooks/sandbox-webhooks.js';
import { type Back, back } from './back.js';
import { Form, type FormFields } from './form.decorator.js';
import { Page, PageController } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { contains, listPage } from './paging.js';
import { SandboxPages } from './sandbox-pages.js';

const NOT_FOUND = 404;
/** Characters of a state that the protocol does not know. */
const MAX_WORD = 24;
const ACTS = ['status', 'start', 'full', 'toggle'] as const;
/** How the states of a synchronization are shown (protocol §10.2). */
const STATES: Readonly<Record<string, readonly [Tone, string]>> = {
  RUNNING: ['info', 'Runs'],
  ENQUEUED: ['info', 'Waits'],
  PENDING: ['info', 'Waits'],
  SUCCESS: ['good', 'Went well'],
  ERROR: ['bad', 'Failed'],
  FAILED: ['bad', 'Failed'],
  DISABLED: ['idle', 'None so far'],
};

/** What the application said of a company's synchronization, when it was asked last. */
interface Said {
  readonly delivery: Delivery;
  /** Null where the response is none of the protocol's. */
  readonly state: {
    readonly enabled: boolean | null;
    readonly status: string;
    readonly message: string;
  } | null;
}

/** What the storefront shows of synchronizations: asks the application, starts one, turns it on or off (protocol §10). */
@PageController('synchronization')
export class SynchronizationController {
  constructor(
    private readonly state: SandboxState,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly webhooks: SandboxWebhooks,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  @Page('/')
  list(@Exchange() exchange: SandboxExchange): string {
    const { query } = exchange;
    const [text, marketplace] = [query.get('q') ?? '', query.get('marketplace') ?? ''];
    const said = this.#said();
    const all = this.state.groups.filter(({ status }) => status === 'running');
    const found = all.filter(
      (one) => (!marketplace || one.marketplace === marketplace) && contains(text, [one.name, one.uid]),
    );
    const { items, pager } = listPage(found, keyOf, exchange, 'company', 'companies');
    return this.pages.render(exchange, {
      title: title(said),
      lead: 'What the storefront knows of each company: it asks your application, starts a synchronization, and turns it on or off.',
      active: '/synchronization',
      live: '/journal/events?part=webhooks',
      body:
        all.length === 0
          ? html`<div class="card">
              ${empty('box', 'No company runs your application', 'Add one, or start the scenario again.', html`<a class="button primary" href="/companies/new">Add a company</a>`)}
            </div>`
          : html`${filters(
              '/synchronization',
              { label: 'Company or id', hint: 'Kovač, cld-1 …', value: text },
              select(
                'Marketplace',
                'marketplace',
                [['', 'All'], ...this.marketplaces.list().map(({ name }) => name)],
                marketplace,
              ),
            )}
            ${
              found.length === 0
                ? html`<div class="card">
                    ${empty('box', 'Nothing matches', 'No company fits what you chose.', html`<a class="button" href="/synchronization">Clear the filter</a>`)}
                  </div>`
                : card(
                    'Companies',
                    html`${table(
                      'Synchronization of companies',
                      [
                        { name: 'Company', kind: 'lead' },
                        { name: 'State' },
                        { name: 'Said' },
                        { name: 'Asked' },
                        { name: 'Actions', hide: true, kind: 'act' },
                      ],
                      items.map((one) => this.#line(one, said.get(keyOf(one)))),
                    )}${pager}`,
                    { flush: true },
                  )
            }`,
    });
  }

  @Post()
  @Redirect()
  async act(@Form() { marketplace = '', group = '', act = '' }: FormFields): Promise<Back> {
    const wanted = ACTS.find((one) => one === act);
    const record = this.state.group(marketplace, group);
    if (!wanted || !record) throw new NotFoundException();
    const [delivery] = await this.webhooks.synchronization(wanted === 'full' ? 'start' : wanted, group, {
      marketplace,
      fullSync: wanted === 'full',
    });
    // What was done is seen in the state that follows it.
    if (wanted === 'start' || wanted === 'full' || wanted === 'toggle')
      await this.webhooks.synchronization('status', group, { marketplace });
    const responded = delivery?.status ?? `nothing: ${delivery?.error ?? 'it was not sent'}`;
    return back(
      '/synchronization',
      `${record.name}: your application responded ${responded}.`,
      typeof responded === 'number' && responded < 300 ? 'good' : 'bad',
    );
  }

  #line(group: SandboxGroupRecord, said: Said | undefined): HtmlValue[] {
    const act = (label: string, does: (typeof ACTS)[number]): Html =>
      this.token.action(
        '/synchronization',
        label,
        { marketplace: group.marketplace, group: group.uid, act: does },
        { mini: true },
      );
    const isOn = said?.state?.enabled;
    return [
      html`${this.pages.company(group.marketplace, group.uid)}
        <small>${group.marketplace} · ${group.uid}</small>`,
      stateOf(said),
      said?.state?.message ?? '',
      said
        ? html`<a href="/webhooks?open=${said.delivery.id}">${this.pages.when(said.delivery.at)}</a>`
        : 'not yet',
      html`<span class="actions">
        ${act('Ask', 'status')} ${act('Start', 'start')} ${act('Start a full one', 'full')}
        ${act(isOn === false ? 'Turn on' : isOn === true ? 'Turn off' : 'Turn on or off', 'toggle')}
      </span>`,
    ];
  }

  /** The newest response to each company's question, by marketplace and company. */
  #said(): Map<string, Said> {
    const said = new Map<string, Said>();
    for (const delivery of this.webhooks.deliveries) {
      if (delivery.kind !== 'synchronization') continue;
      const uid = this.#groupOf(delivery);
      if (uid !== null) said.set(`${delivery.marketplace} ${uid}`, { delivery, state: readState(delivery) });
    }
    return said;
  }

  /** From the form that was sent, or else from the address. */
  #groupOf({ marketplace, body, url }: Delivery): string | null {
    const named = body === null ? null : new URLSearchParams(body).get('group_id');
    if (named !== null) return named;
    const parts = new URL(url).pathname.split('/').map((part) => decodeURIComponent(part));
    return parts.findLast((part) => this.state.group(marketplace, part) !== undefined) ?? null;
  }
}

function keyOf({ marketplace, uid }: SandboxGroupRecord): string {
  return `${marketplace} ${uid}`;
}

function readState({ status, responseBody }: Delivery): Said['state'] {
  if (status === null || status >= 300) return null;
  try {
    const body: unknown = JSON.parse(responseBody);
    if (!isRecord(body) || typeof body['status'] !== 'string') return null;
    const { sync_enabled: enabled, message } = body;
    return {
      enabled: typeof enabled === 'boolean' ? enabled : null,
      status: body['status'],
      message: typeof message === 'string' ? message : '',
    };
  } catch {
    return null;
  }
}

/** Whether the application serves synchronization, and knows no such company (protocol §10.2). */
function isUnknown({ responseBody }: Delivery): boolean {
  return responseBody.includes('"errors"');
}

function stateOf(said: Said | undefined): Html {
  if (!said) return pill('idle', 'Not asked');
  const { delivery, state } = said;
  if (!state) {
    if (delivery.status !== NOT_FOUND) return pill('bad', delivery.status ?? 'No response');
    return pill('idle', isUnknown(delivery) ? 'Not known there' : 'Not served');
  }
  const [tone, word] = STATES[state.status] ?? (['warn', state.status.slice(0, MAX_WORD)] as const);
  return html`${pill(tone, word)} ${state.enabled === false ? html`<small>turned off</small>` : ''}`;
}

/** What the page says first: what needs somebody, or that nobody was asked. */
function title(said: ReadonlyMap<string, Said>): string {
  const all = [...said.values()];
  if (all.length === 0) return 'No synchronization was asked about yet';
  const failed = all.filter(({ state }) => state && STATES[state.status]?.[0] === 'bad').length;
  if (failed > 0) return `${failed} of ${count(all.length, 'synchronization')} failed`;
  if (all.every(({ delivery }) => delivery.status === NOT_FOUND && !isUnknown(delivery)))
    return 'Your application serves no synchronization';
  const runs = all.filter(({ state }) => state && STATES[state.status]?.[0] === 'info').length;
  return runs > 0 ? count(runs, 'company synchronizes', 'companies synchronize') : 'Synchronization';
}
