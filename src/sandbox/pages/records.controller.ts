import { count } from '../../views/format.js';
import { filters, select, type Choice } from '../../views/form.js';
import { html } from '../../views/html.js';
import { empty } from '../../views/parts.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import type { SandboxConnecRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { Page, PageController } from './page.decorator.js';
import { RecordList } from './record-list.js';
import { SandboxPages } from './sandbox-pages.js';

/** Companies offered at once; the search finds the others. */
const OFFERED = 200;

/** The business data that applications exchange through Connec!, by marketplace and company. */
@PageController('records')
export class RecordsController {
  constructor(
    private readonly state: SandboxState,
    private readonly records: RecordList,
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
    const found = this.records.found(company ? all.filter((one) => companyKey(one) === company) : all, {
      text,
      resource,
    });
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
          : html`${this.records.opened(all, exchange)}
            ${filters(
              '/records',
              { label: 'Name, code, id or any text', hint: 'INV-1003, Harbour …', value: text },
              html`${select('Company', 'company', [['', 'All'], ...choices], company)}
              ${select('Resource', 'resource', [['', 'All'], ...resources], resource)}`,
            )}
            ${this.records.list(found, exchange, '/records')}`,
    });
  }
}

/** Marketplace and company in an address: equal ids mean other companies elsewhere. */
function companyKey({ marketplace, groupId }: SandboxConnecRecord): string {
  return `${marketplace} ${groupId}`;
}
