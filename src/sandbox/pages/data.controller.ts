import { Controller, Query, UseGuards } from '@nestjs/common';

import { SandboxState } from '../state/sandbox-state.js';
import { html } from '../../views/html.js';
import { options } from '../../views/form.js';
import { table } from '../../views/table.js';
import { sandboxPage } from './sandbox-page.js';
import { Page } from './page.decorator.js';
import { SameOriginGuard } from './same-origin.guard.js';

/** Records shown at once. */
const SHOWN = 100;

/** The business data that applications exchange through Connec!. */
@Controller('data')
@UseGuards(SameOriginGuard)
export class DataController {
  constructor(private readonly state: SandboxState) {}

  @Page('/')
  list(@Query('group') group = '', @Query('resource') resource = ''): string {
    const all = this.state.connec.toJSON();
    const groups = [...new Set(all.map(({ groupId }) => groupId))].sort();
    const resources = [...new Set(all.map((record) => record.resource))].sort();
    const fitting = all.filter(
      (record) => (!group || record.groupId === group) && (!resource || record.resource === resource),
    );
    const rows = fitting
      .slice(-SHOWN)
      .reverse()
      .map(
        (record) =>
          html`<tr>
            <td>${record.groupId}<br /><span class="muted">${record.marketplace}</span></td>
            <td>${record.resource}</td>
            <td>
              <details>
                <summary>${String(record.document['name'] ?? record.document['code'] ?? record.id)}</summary>
                <pre>${JSON.stringify(record.document, null, 2)}</pre>
              </details>
            </td>
            <td>${record.updatedAt}</td>
          </tr>`,
      );
    return sandboxPage({
      title: 'Connec! data',
      lead: `${all.length} records of ${groups.length} companies. Write some with the API, and see them here.`,
      active: '/data',
      body: html`<form method="get" class="row">
          <label
            >Company<select name="group">
              ${options([['', 'All'], ...groups.map((one) => [one, one] as const)], group)}
            </select></label
          >
          <label
            >Resource<select name="resource">
              ${options([['', 'All'], ...resources.map((one) => [one, one] as const)], resource)}
            </select></label
          >
          <button class="plain">Show</button>
        </form>
        <h2>
          ${fitting.length}
          ${fitting.length === 1 ? 'record' : 'records'}${fitting.length > SHOWN ? `, the last ${SHOWN}` : ''}
        </h2>
        ${table('Records', ['Company', 'Resource', 'Record', 'Updated'], rows, 'No such record.')}`,
    });
  }
}
