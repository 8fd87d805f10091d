import { count, number } from '../../views/format.js';
import { filters, select } from '../../views/form.js';
import { html, type HtmlValue } from '../../views/html.js';
import { card, empty, pill, table } from '../../views/parts.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { SandboxState } from '../state/sandbox-state.js';
import { Page, PageController } from './page.decorator.js';
import { contains, listPage } from './paging.js';
import { companyPath, SandboxPages } from './sandbox-pages.js';

/** The customers of the marketplaces: searched, filtered, page by page. */
@PageController('companies')
export class CompanyListController {
  constructor(
    private readonly state: SandboxState,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly pages: SandboxPages,
  ) {}

  @Page('/')
  list(@Exchange() exchange: SandboxExchange): string {
    const { query } = exchange;
    const [text, marketplace, status] = [
      query.get('q') ?? '',
      query.get('marketplace') ?? '',
      query.get('status') ?? '',
    ];
    const members = new Map<string, number>();
    for (const one of this.state.memberships) {
      const key = `${one.marketplace} ${one.groupUid}`;
      members.set(key, (members.get(key) ?? 0) + 1);
    }
    const found = this.state.groups.filter(
      (one) =>
        (!marketplace || one.marketplace === marketplace) &&
        (!status || one.status === status) &&
        contains(text, [one.name, one.uid, one.email, one.city]),
    );
    const { items, pager } = listPage(
      found,
      (one) => `${one.marketplace} ${one.uid}`,
      exchange,
      'company',
      'companies',
    );
    const rows = items.map((one): HtmlValue[] => [
      html`<a href="${companyPath(one.marketplace, one.uid)}"><bdi>${one.name}</bdi></a>
        <small>${one.uid}</small>`,
      one.marketplace,
      number(members.get(`${one.marketplace} ${one.uid}`) ?? 0),
      one.status === 'running' ? pill('good', 'Runs') : pill('idle', 'Cancelled'),
      [one.city, one.country].filter(Boolean).join(', '),
    ]);
    return this.pages.render(exchange, {
      title: count(this.state.groups.size, 'company', 'companies'),
      lead: 'Customers of the marketplaces. A person signs in to your application through one of them.',
      active: '/companies',
      actions: html`<a class="button primary" href="/companies/new">Add a company</a>`,
      body:
        this.state.groups.size === 0
          ? html`<div class="card">
              ${empty(
                'box',
                'No company yet',
                'A company subscribes to your application; its people then sign in.',
                html`<a class="button primary" href="/companies/new">Add a company with a person</a>`,
              )}
            </div>`
          : html`${filters(
              '/companies',
              { label: 'Name, id, address or town', hint: 'Kovač, cld-1 …', value: text },
              html`${select('Marketplace', 'marketplace', [['', 'All'], ...this.marketplaces.list().map(({ name }) => name)], marketplace)}
              ${select(
                'State',
                'status',
                [
                  ['', 'All'],
                  ['running', 'Runs'],
                  ['terminated', 'Cancelled'],
                ],
                status,
              )}`,
            )}
            ${
              found.length === 0
                ? html`<div class="card">
                    ${empty('box', 'Nothing matches', 'No company fits what you chose.', html`<a class="button" href="/companies">Clear the filter</a>`)}
                  </div>`
                : card(
                    'Companies',
                    html`${table(
                      'Companies',
                      [
                        { name: 'Company', kind: 'lead' },
                        { name: 'Marketplace' },
                        { name: 'People', kind: 'num' },
                        { name: 'State' },
                        { name: 'Town' },
                      ],
                      rows,
                    )}${pager}`,
                    { flush: true },
                  )
            }`,
    });
  }
}
