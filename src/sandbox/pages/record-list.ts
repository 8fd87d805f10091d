import { Injectable } from '@nestjs/common';

import { number } from '../../views/format.js';
import { hiddenField, select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { card, empty, id, json, table } from '../../views/parts.js';
import type { SandboxExchange } from '../http/exchange.js';
import type { SandboxConnecRecord } from '../state/records.js';
import { PageToken } from './page-token.js';
import { contains, listPage, narrowed } from './paging.js';
import { SandboxPages } from './sandbox-pages.js';

/** Records of Connec! as a list, with one of them opened. */
@Injectable()
export class RecordList {
  constructor(
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  /** Those of a resource that contain a text, as last changed first. */
  found(
    all: readonly SandboxConnecRecord[],
    { text, resource }: { readonly text: string; readonly resource: string },
  ): SandboxConnecRecord[] {
    return all
      .filter(
        (one) =>
          (!resource || one.resource === resource) &&
          contains(text, [one.id, one.groupId, recordName(one), JSON.stringify(one.document)]),
      )
      .sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  }

  /** The opened one, where the address names one of these. */
  opened(all: readonly SandboxConnecRecord[], exchange: SandboxExchange): Html {
    const record = all.find((one) => recordId(one) === exchange.query.get('open'));
    if (!record) return html``;
    return html`<article class="card">
      <header>
        <h2><bdi>${recordName(record)}</bdi></h2>
        <p class="small"><a href="${narrowed(exchange, {})}">Close</a></p>
      </header>
      <p>
        ${id(record.id)} · ${record.resource} of ${this.pages.company(record.marketplace, record.groupId)} on
        ${record.marketplace} · changed ${this.pages.when(record.updatedAt)}
      </p>
      ${json('document', 'Record', JSON.stringify(record.document))} ${this.#editing(record)}
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

  /** A form for the whole document, as somebody at the marketplace would change it. */
  #editing({ marketplace, groupId, resource, id: own, updatedAt, document }: SandboxConnecRecord): Html {
    const fields = html`${hiddenField('marketplace', marketplace)}${hiddenField('group', groupId)}
      ${hiddenField('resource', resource)}${hiddenField('id', own)}${hiddenField('seen', updatedAt)}
      <label
        >Record<textarea name="document" rows="14" spellcheck="false" required>
${JSON.stringify(document, null, 2)}</textarea>
      </label>
      <div class="fields">
        ${select(
          'Notification',
          'tell',
          [
            ['yes', 'Send one'],
            ['', `Only if the application is subscribed to ${resource}`],
          ],
          'yes',
        )}
      </div>
      <p class="actions"><button class="primary">Save</button></p>`;
    return html`<details>
      <summary>Edit it</summary>
      ${this.token.form('/records/edit', fields)}
      <p class="small soft">
        As somebody at the marketplace would. A field that you leave out stays; <code>null</code> empties it.
      </p>
    </details>`;
  }

  /**
   * A page of what was found.
   *
   * @param clear the address without the filter.
   * @param ofOne whether all are of one company, which then is not named in each line.
   */
  list(found: readonly SandboxConnecRecord[], exchange: SandboxExchange, clear: string, ofOne = false): Html {
    if (found.length === 0)
      return html`<div class="card">
        ${empty('box', 'Nothing matches', 'No record fits what you chose.', html`<a class="button" href="${clear}">Clear the filter</a>`)}
      </div>`;
    const { items, pager } = listPage(found, (one) => recordId(one), exchange, 'record');
    const lines = items.map((one) => [
      html`<a href="${narrowed(exchange, { open: recordId(one) })}"><bdi>${recordName(one)}</bdi></a>`,
      one.resource,
      ...(ofOne
        ? []
        : [
            html`${this.pages.company(one.marketplace, one.groupId)} <small>${one.groupId}</small>`,
            one.marketplace,
          ]),
      this.pages.when(one.updatedAt),
    ]);
    return card(
      'Records',
      html`${table(
        'Records',
        [
          { name: 'Record', kind: 'lead' },
          { name: 'Resource' },
          ...(ofOne ? [] : [{ name: 'Company' }, { name: 'Marketplace' }]),
          { name: 'Changed' },
        ],
        lines,
      )}${pager}`,
      { flush: true },
    );
  }
}

/** A record in an address: equal ids mean other records elsewhere. */
export function recordId({ marketplace, groupId, resource, id: own }: SandboxConnecRecord): string {
  return [marketplace, groupId, resource, own].join(' ');
}

/** What a person calls a record: its name, its code, or else its id. */
export function recordName({ document, id: own }: SandboxConnecRecord): string {
  const { name, code, title, first_name: first, last_name: last } = document;
  const full = [first, last].filter((one) => typeof one === 'string').join(' ');
  const named = [name, full, code, title].find((one) => typeof one === 'string' && one !== '');
  return typeof named === 'string' ? named : own;
}
