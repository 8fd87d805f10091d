import { NotFoundException, Post, Redirect } from '@nestjs/common';

import { count } from '../../views/format.js';
import { filters, select, type Choice } from '../../views/form.js';
import { html } from '../../views/html.js';
import { empty } from '../../views/parts.js';
import { ConnecRecords } from '../connec/connec-records.js';
import { EventSender } from '../events/event-sender.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import type { SandboxConnecRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { type Back, back, link } from './back.js';
import { parseBody } from './compose-form.js';
import { isFailed } from './delivery-look.js';
import { Form, type FormFields } from './form.decorator.js';
import { Page, PageController } from './page.decorator.js';
import { RecordList, recordId } from './record-list.js';
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
    private readonly events: EventSender,
    private readonly writer: ConnecRecords,
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

  @Post('edit')
  @Redirect()
  async edit(@Form() form: FormFields): Promise<Back> {
    const {
      marketplace = '',
      group = '',
      resource = '',
      id = '',
      seen = '',
      document = '',
      tell = '',
    } = form;
    const record = this.state.connec.get(marketplace, group, resource, id);
    if (!record) throw new NotFoundException();
    const page = link('/records', { open: recordId(record) });
    const typed = parseBody(document);
    if (!typed) return back(page, 'The record is no JSON object; nothing was changed.', 'bad');
    if (seen !== record.updatedAt)
      return back(
        page,
        'The record was changed meanwhile: this is what it is now. Nothing was saved.',
        'bad',
      );
    const fields = changedFields(record.document, typed);
    if (Object.keys(fields).length === 0)
      return back(page, 'The record is what it was; nothing was changed.', 'idle');
    if (!tell) {
      this.writer.update(record, fields);
      return back(page, 'Saved.');
    }
    const what = { event: 'edit', marketplace, group, body: { [resource]: [{ ...fields, id }] } };
    const deliveries = await this.events.send(what);
    const [first] = deliveries;
    return back(
      page,
      `Saved; your application responded ${first?.status ?? first?.error ?? 'nothing'} to the notification.`,
      deliveries.some((one) => isFailed(one)) ? 'bad' : 'good',
    );
  }
}

/** What of an edited document is another value than before: what the application wrote meanwhile in other fields stays. */
function changedFields(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])),
  );
}

/** Marketplace and company in an address: equal ids mean other companies elsewhere. */
function companyKey({ marketplace, groupId }: SandboxConnecRecord): string {
  return `${marketplace} ${groupId}`;
}
