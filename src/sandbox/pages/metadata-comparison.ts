import { Injectable } from '@nestjs/common';

import { MetadataCheck } from '../platform/metadata-check.js';
import type { SandboxMarketplaceRecord } from '../state/records.js';
import { html, type Html } from '../../views/html.js';
import { table } from '../../views/table.js';

/** Shows the application's metadata beside the developer platform's copy, with a result for each field. */
@Injectable()
export class MetadataComparison {
  constructor(private readonly check: MetadataCheck) {}

  async compare({ name }: SandboxMarketplaceRecord): Promise<Html> {
    const report = await this.check.run(name);
    const rows = report.fields.map(
      ({ field, expected, seen, result }) =>
        html`<tr>
          <td><code>${field}</code></td>
          <td>${expected}</td>
          <td>${seen ?? '—'}</td>
          <td class="${result === 'same' ? 'good' : 'bad'}">${result}</td>
        </tr>`,
    );
    return html`<section class="card">
      <h2 style="margin-top: 0">
        Metadata for ${name}:
        <span class="${report.good ? 'good' : 'bad'}">${report.good ? 'in order' : 'not in order'}</span>
      </h2>
      <p>
        <code>GET ${report.url}</code> responded with ${report.problem ?? report.status}. A stranger is
        ${
          report.rejectsStrangers
            ? html`<span class="good">rejected</span>`
            : html`<span class="bad">not rejected with 401</span>`
        }.
        ${report.leaksKey ? html`<strong class="bad">The response holds the API key.</strong>` : ''}
      </p>
      ${table('Fields', ['Field', 'Marketplace', 'Application', 'Result'], rows, 'Nothing to compare.')}
    </section>`;
  }
}
