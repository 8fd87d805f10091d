import { Controller, Get, Header, type MessageEvent, Param, Query, Sse, UseGuards } from '@nestjs/common';
import { map, type Observable } from 'rxjs';

import { Journal, type JournalEntry } from '../journal/journal.js';
import { html, type Html } from '../../views/html.js';
import { options } from '../../views/form.js';
import { table } from '../../views/table.js';
import { sandboxPage } from './sandbox-page.js';
import { Page } from './page.decorator.js';
import { SameOriginGuard } from './same-origin.guard.js';

/** Entries shown. */
const SHOWN = 200;
const PARTS = ['platform', 'idp', 'account', 'connec', 'openid', 'webhooks'] as const;

/** Adds what happens to the table while the page is open. */
const LIVE_SCRIPT = `
const body = document.querySelector('tbody'), status = document.querySelector('#live');
const events = new EventSource('/journal/events');
events.onopen = () => { status.textContent = 'Live: new exchanges appear at the top.'; };
events.onerror = () => { status.textContent = 'Not connected; trying again.'; };
events.onmessage = ({ data }) => {
  const entry = JSON.parse(data);
  if (!body) return location.reload();
  const row = document.createElement('tr');
  for (const text of [entry.at, entry.direction === 'in' ? 'to the marketplace' : 'to the application', null, String(entry.status ?? 'none'), entry.marketplace ?? '', Math.round(entry.durationMs) + ' ms']) {
    const cell = row.insertCell();
    if (text !== null) { cell.textContent = text; continue; }
    const link = cell.appendChild(document.createElement('a'));
    link.href = '/journal/' + entry.id;
    link.textContent = entry.method + ' ' + entry.route;
  }
  body.prepend(row);
};
`;

/** Every exchange of the sandbox with the application, as it happens. */
@Controller('journal')
@UseGuards(SameOriginGuard)
export class JournalController {
  constructor(private readonly journal: Journal) {}

  @Page('/')
  list(@Query('part') part = '', @Query('text') text = ''): string {
    const entries = this.journal
      .find({ ...(isPart(part) ? { part } : {}), ...(text ? { text } : {}) })
      .slice(-SHOWN)
      .reverse();
    return sandboxPage({
      title: 'Journal',
      lead: 'Every exchange with your application, secrets masked.',
      active: '/journal',
      body: html`<form method="get" class="row">
          <label
            >Part<select name="part">
              ${options([['', 'All'], ...PARTS.map((one) => [one, one] as const)], part)}
            </select></label
          >
          <label>Contains<input name="text" value="${text}" /></label>
          <button class="plain">Search</button>
        </form>
        <p id="live" class="muted" role="status"></p>
        ${table(
          'Exchanges',
          ['When', 'Direction', 'Request', 'Status', 'Marketplace', 'Time'],
          entries.map((entry) => row(entry)),
          'Nothing has happened yet.',
        )}
        ${part || text ? '' : html`<script src="/journal/live.js"></script>`}`,
    });
  }

  @Sse('events')
  events(): Observable<MessageEvent> {
    return this.journal.live.pipe(
      map(({ id, at, direction, method, route, status, marketplace, durationMs }) => ({
        data: { id, at, direction, method, route, status, marketplace, durationMs },
      })),
    );
  }

  @Get('live.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  script(): string {
    return LIVE_SCRIPT;
  }

  @Page(':id')
  entry(@Param('id') id: string): string {
    const entry = this.journal.get(Number(id));
    if (!entry)
      return sandboxPage({ title: 'No such exchange', body: html`<p><a href="/journal">Journal</a></p>` });
    return sandboxPage({
      title: `${entry.method} ${entry.route}`,
      lead: `${entry.direction === 'in' ? 'The application called the marketplace' : 'The marketplace called the application'} at ${entry.at}.`,
      active: '/journal',
      body: html`${entry.remarks.map((remark) => html`<p class="notice">${remark}</p>`)}
        ${entry.fault ? html`<p class="notice">Fault: <code>${entry.fault}</code></p>` : ''}
        <h2>Request</h2>
        <pre>${entry.method} ${entry.url}</pre>
        <pre>${lines(entry.requestHeaders)}</pre>
        ${entry.requestBody ? html`<pre>${entry.requestBody}</pre>` : ''}
        <h2>Response ${entry.status ?? 'none'}</h2>
        <pre>${lines(entry.responseHeaders)}</pre>
        ${entry.responseBody ? html`<pre>${entry.responseBody}</pre>` : ''}
        <p><a href="/journal">Back to the journal</a></p>`,
    });
  }
}

function isPart(text: string): text is (typeof PARTS)[number] {
  return (PARTS as readonly string[]).includes(text);
}

function row(entry: JournalEntry): Html {
  const good = entry.status !== null && entry.status < 400;
  return html`<tr>
    <td>${entry.at}</td>
    <td>${entry.direction === 'in' ? 'to the marketplace' : 'to the application'}</td>
    <td><a href="/journal/${entry.id}">${entry.method} ${entry.route}</a></td>
    <td><strong class="${good ? 'good' : 'bad'}">${entry.status ?? 'none'}</strong></td>
    <td>${entry.marketplace ?? ''}</td>
    <td class="number">${Math.round(entry.durationMs)} ms</td>
  </tr>`;
}

function lines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}
