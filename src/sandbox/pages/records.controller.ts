import { count, number } from '../../views/format.js';
import { filters, select, type Choice } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { card, empty, id, json, table } from '../../views/parts.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import type { SandboxConnecRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { Page, PageController } from './page.decorator.js';
import { contains, listPage, narrowed } from './paging.js';
import { SandboxPages } from './sandbox-pages.js';

/** Companies offered at once; the search finds the others. */
const OFFERED = 200;

/** The business data that applications exchange through Connec!, by marketplace and company. */
@PageController('records')
export class RecordsController {
  constructor(
    private readonly state: SandboxState,
    private readonly pages: SandboxPages,
  ) {}

  @Page('/')
  list(@Exchange() exchange: SandboxExchange): string {
    const { query } = exchange;
    const [text, company, resource] = [
      query.get('q') ?? '',
      query.get('company') ?? '',
      query.get('resource') ?? '',
    ];
    const all = this.state.connec.toJSON();
    const companies = new Map<string, string>();
    for (const one of all)
      companies.set(
        companyKey(one),
        `${this.pages.companyName(one.marketplace, one.groupId)} (${one.marketplace}, ${one.groupId})`,
      );
    const resources = [...new Set(all.map((one) => one.resource))].sort();
    const found = all
      .filter(
        (one) =>
          (!company || companyKey(one) === company) &&
          (!resource || one.resource === resource) &&
          contains(text, [one.id, one.groupId, nameOf(one), JSON.stringify(one.document)]),
      )
      .sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
    const opened = all.find((one) => recordId(one) === query.get('open'));
    const choices: Choice[] = [...companies].slice(0, OFFERED);
    return this.pages.render(exchange, {
      title:
        all.length === 0
          ? 'No records yet'
          : `${count(all.length, 'record')} of ${count(companies.size, 'company', 'companies')}`,
      lead: 'The business data that applications share through Connec!. Write some with the API, and see them here.',
      active: '/records',
      live: '/journal/events?part=connec',
      body:
        all.length === 0
          ? html`<div class="card">
              ${empty('box', 'No record yet', 'Your application writes people, invoices and items of a company; another one reads them.', html`<a class="button" href="/companies">Companies</a>`)}
            </div>`
          : html`${opened ? this.#opened(opened, exchange) : ''}
            ${filters(
              '/records',
              { label: 'Name, code, id or any text', hint: 'INV-1003, Harbour …', value: text },
              html`${select('Company', 'company', [['', 'All'], ...choices], company)}
              ${select('Resource', 'resource', [['', 'All'], ...resources], resource)}`,
            )}
            ${this.#list(found, exchange)}`,
    });
  }

  #list(found: readonly SandboxConnecRecord[], exchange: SandboxExchange): Html {
    if (found.length === 0)
      return html`<div class="card">
        ${empty('box', 'Nothing matches', 'No record fits what you chose.', html`<a class="button" href="/records">Clear the filter</a>`)}
      </div>`;
    const { items, pager } = listPage(found, (one) => recordId(one), exchange, 'record');
    const lines = items.map((one) => [
      html`<a href="${narrowed(exchange, { open: recordId(one) })}"><bdi>${nameOf(one)}</bdi></a>`,
      one.resource,
      html`${this.pages.company(one.marketplace, one.groupId)} <small>${one.groupId}</small>`,
      one.marketplace,
      this.pages.when(one.updatedAt),
    ]);
    return card(
      'Records',
      html`${table(
        'Records',
        [
          { name: 'Record', kind: 'lead' },
          { name: 'Resource' },
          { name: 'Company' },
          { name: 'Marketplace' },
          { name: 'Changed' },
        ],
        lines,
      )}${pager}`,
      { flush: true },
    );
  }

  #opened(record: SandboxConnecRecord, exchange: SandboxExchange): Html {
    return html`<article class="card">
      <header>
        <h2><bdi>${nameOf(record)}</bdi></h2>
        <p class="small"><a href="${narrowed(exchange, {})}">Close</a></p>
      </header>
      <p>
        ${id(record.id)} · ${record.resource} of ${this.pages.company(record.marketplace, record.groupId)} on
        ${record.marketplace} · changed ${this.pages.when(record.updatedAt)}
      </p>
      ${json('document', 'Record', JSON.stringify(record.document))}
      ${
        record.externalIds.length > 0
          ? html`<p class="small soft">
              Known elsewhere as ${number(record.externalIds.length)}:
              ${record.externalIds.map((one) => html`<code>${one.provider}/${one.realm}/${one.id}</code> `)}
            </p>`
          : ''
      }
    </article>`;
  }
}

/** Marketplace and company in an address: equal ids mean other companies elsewhere. */
function companyKey({ marketplace, groupId }: SandboxConnecRecord): string {
  return `${marketplace} ${groupId}`;
}

function recordId({ marketplace, groupId, resource, id: own }: SandboxConnecRecord): string {
  return [marketplace, groupId, resource, own].join(' ');
}

function nameOf({ document, id: own }: SandboxConnecRecord): string {
  const { name, code, title, first_name: first, last_name: last } = document;
  const full = [first, last].filter((one) => typeof one === 'string').join(' ');
  const named = [name, full, code, title].find((one) => typeof one === 'string' && one !== '');
  return typeof named === 'string' ? named : own;
}
