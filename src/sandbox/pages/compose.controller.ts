import { HttpCode, NotFoundException, Post, Redirect } from '@nestjs/common';

import { duration } from '../../views/format.js';
import { hiddenField } from '../../views/form.js';
import { html, Html } from '../../views/html.js';
import { card, code, empty, rows } from '../../views/parts.js';
import { CATALOGUE, type CatalogueEvent, USUAL_EVENT } from '../events/event-catalogue.js';
import { EventSender, type SandboxEvent } from '../events/event-sender.js';
import { SavedEvents } from '../events/saved-events.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import type { SandboxGroupRecord, SandboxSavedEvent } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import type { Delivery } from '../webhooks/delivery.js';
import { WebhookSender } from '../webhooks/webhook-sender.js';
import { type Back, back, link } from './back.js';
import {
  companyKey,
  ComposeForm,
  deliveryOptions,
  mannerOf,
  OFFERED,
  parseBody,
  splitKey,
} from './compose-form.js';
import { deliveryRow, isFailed } from './delivery-look.js';
import { Form, type FormFields } from './form.decorator.js';
import { Page, PageController, PageHeaders } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { contains } from './paging.js';
import { SandboxPages } from './sandbox-pages.js';

const MAX_BODY = 200_000;
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
    private readonly marketplaces: MarketplaceAdmin,
    private readonly sender: WebhookSender,
    private readonly events: EventSender,
    private readonly saved: SavedEvents,
    private readonly composer: ComposeForm,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  @Page('/')
  compose(@Exchange() exchange: SandboxExchange): string {
    const { query } = exchange;
    const saved = this.saved.get(query.get('saved') ?? '');
    const wanted = saved?.event ?? query.get('event');
    const event = CATALOGUE.find(({ key }) => key === wanted) ?? USUAL_EVENT;
    const company = saved ? `${saved.marketplace} ${saved.groupId ?? ''}` : (query.get('company') ?? '');
    const groups = this.#groups(query.get('q') ?? '', company);
    const found = groups.find((one) => companyKey(one) === company);
    const isGone = saved !== undefined && saved.groupId !== null && found === undefined;
    const group = found ?? groups[0];
    const composed = { event, group, query, saved };
    return this.pages.render(exchange, {
      title: 'Send an event',
      lead: 'Choose what happens at the marketplace; your application is called as in production.',
      active: '/compose',
      body: html`<div class="split">
        <section class="card flush" aria-label="Events">
          ${this.#catalogue(saved ? null : event, saved, query.get('company'))}
        </section>
        <div class="pane">
          ${query.has('event') || saved ? html`<p class="backlink"><a href="/compose">Back to the list</a></p>` : ''}
          ${isGone ? html`<p class="card warn">The company that this event was composed for is not there any more: another one is chosen.</p>` : ''}
          ${
            group || event.key === 'stranger'
              ? html`${event.key === 'stranger' ? '' : this.composer.choose(composed, groups)}
                ${this.composer.form(composed)}`
              : html`<div class="card">
                  ${empty('box', 'No company runs your application', 'Add one, or start the scenario again.', html`<a class="button" href="/companies/new">Add a company</a>`)}
                </div>`
          }
          ${saved ? this.#kept(saved) : ''} ${this.#lastTimes(event)}
        </div>
      </div>`,
    });
  }

  @Post()
  @Redirect()
  async send(@Form() form: FormFields): Promise<Back> {
    const what = this.#composed(form);
    if (typeof what === 'string') return back(composeLink(form), `${what} Nothing was sent.`, 'bad');
    return noticeOf(await this.events.send(what, deliveryOptions(form)));
  }

  /** What {@link send} would send, as command lines: nothing is sent. */
  @Post('command')
  @HttpCode(200)
  @PageHeaders()
  command(@Form() form: FormFields, @Exchange() exchange: SandboxExchange): string {
    const what = this.#composed(form);
    const commands = typeof what === 'string' ? [] : this.events.commands(what, deliveryOptions(form));
    const fields = Object.entries(form).map(([name, value]) => hiddenField(name, value));
    // The address of the composer: this page has none of its own.
    return this.pages.render(
      { ...exchange, path: '/compose' },
      {
        title: 'The event as a command',
        lead: 'Credentials included; nothing was sent. How often and how far apart it goes is the sandbox’s part.',
        active: '/compose',
        crumbs: [['Send an event', '/compose']],
        body: html`${typeof what === 'string' ? html`<p class="card bad">${what} There is no command.</p>` : ''}
          ${commands.map((text, index) =>
            card(
              commands.length === 1 ? 'Command' : `Command ${index + 1} of ${commands.length}`,
              code(`command-${index}`, 'Command', text),
            ),
          )}
          <div class="actions">
            ${typeof what === 'string' ? '' : this.token.form('/compose', html`${fields}<button class="primary">Send it</button>`, { cls: 'inline' })}
            <a class="button" href="${composeLink(form)}">Compose anew</a>
          </div>`,
      },
    );
  }

  /** Keeps what is composed; its name can be changed where it is opened. */
  @Post('save')
  @Redirect()
  save(@Form() form: FormFields): Back {
    const { event = '', company = '', user = '', body = '' } = form;
    const entry = CATALOGUE.find(({ key }) => key === event);
    if (!entry) throw new NotFoundException();
    const [named = '', group = ''] = splitKey(company);
    const again = link('/compose', { event, company });
    if (needsBody(event) && parseBody(body) === null)
      return back(again, 'The body is no JSON object; nothing was kept.', 'bad');
    if (body.length > MAX_BODY) return back(again, 'The body is too long to be kept.', 'bad');
    const { name: marketplace } = this.marketplaces.getOrFirst(form['marketplace'] || named || undefined);
    const isOfCompany = event !== 'stranger' && group !== '';
    const saved = this.saved.save({
      name: isOfCompany ? `${entry.title}, ${this.pages.companyName(marketplace, group)}` : entry.title,
      event,
      marketplace,
      groupId: isOfCompany ? group : null,
      user: user || null,
      body: needsBody(event) ? body : null,
      manner: mannerOf(form),
    });
    return back(link('/compose', { saved: saved.id }), 'Kept among your own events.');
  }

  @Post('rename')
  @Redirect()
  rename(@Form() { id = '', name = '' }: FormFields): Back {
    if (!this.saved.rename(id, name)) throw new NotFoundException();
    return back(link('/compose', { saved: id }), 'It has its new name.');
  }

  @Post('remove')
  @Redirect()
  remove(@Form() { id = '' }: FormFields): Back {
    if (!this.saved.remove(id)) throw new NotFoundException();
    return back('/compose', 'It is not kept any more.');
  }

  /** The event of a form; why it is none where something is missing. */
  #composed(form: FormFields): SandboxEvent | string {
    const { event = '', company = '', user = '', body = '' } = form;
    const [named = '', group = ''] = splitKey(company);
    const marketplace = form['marketplace'] || named || undefined;
    if (event === 'leave' && !user) return 'Choose who leaves.';
    const entities = needsBody(event) ? parseBody(body) : undefined;
    if (entities === null) return 'The body is no JSON object.';
    return { event, marketplace, group, user, body: entities };
  }

  #catalogue(
    chosen: CatalogueEvent | null,
    saved: SandboxSavedEvent | undefined,
    company: string | null,
  ): Html {
    const names = [...new Set(CATALOGUE.map(({ group }) => group))];
    const kept = this.saved.list();
    return html`<ul class="rows">
      ${
        kept.length > 0
          ? html`<li class="day">My own</li>
              ${kept.map((one) =>
                catalogueRow(
                  link('/compose', { saved: one.id }),
                  CATALOGUE.find(({ key }) => key === one.event)?.method ?? 'POST',
                  html`<bdi>${one.name}</bdi>`,
                  `${one.marketplace}${one.groupId === null ? '' : ` · ${one.groupId}`}`,
                  one === saved,
                ),
              )}`
          : ''
      }
      ${names.map(
        (name, index) =>
          html`<li class="day">${name}</li>
            ${CATALOGUE.filter(({ group }) => group === name).map((one) =>
              catalogueRow(
                link('/compose', { event: one.key, company }),
                one.method,
                one.title,
                one.note,
                one === chosen,
              ),
            )}
            ${index === 0 ? catalogueRow('/logins/new', 'GET', 'A login from the catalogue', 'A person clicks your tile', false) : ''}`,
      )}
    </ul>`;
  }

  /** Name and removal of an event that is kept. */
  #kept({ id, name }: SandboxSavedEvent): Html {
    return card(
      'Your own event',
      html`${this.token.form(
        '/compose/rename',
        html`<input type="hidden" name="id" value="${id}" /><label class="search"
            >Name<input name="name" required maxlength="80" value="${name}" /></label
          ><button>Save the name</button>`,
        { cls: 'filters' },
      )}
      ${this.token.action('/compose/remove', 'Remove it', { id })}`,
      { aside: 'Stays when the scenario starts again' },
    );
  }

  #lastTimes(event: CatalogueEvent): Html | string {
    const kinds = KINDS[event.key] ?? ['notification'];
    const last = this.sender.deliveries
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

function catalogueRow(
  href: string,
  method: string,
  title: Html | string,
  note: string,
  isOpen: boolean,
): Html {
  return html`<li>
    <a class="row" href="${href}" ${isOpen ? new Html('aria-current="true"') : ''}
      ><span class="tag">${method}</span><span>${title}</span><span></span><span class="sub">${note}</span></a
    >
  </li>`;
}

/** Where an event like this one is composed. */
function composeLink({ event = '', company = '' }: FormFields): string {
  return link('/compose', { event, company });
}

function needsBody(event: string): boolean {
  return CATALOGUE.some(({ key, resource }) => key === event && resource !== null);
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
