import { NotFoundException, Post, Redirect } from '@nestjs/common';

import { X509Certificate } from 'node:crypto';

import { count } from '../../views/format.js';
import { hiddenField } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { card, code, id, keyValues, pill, table } from '../../views/parts.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { MetadataCheck } from '../platform/metadata-check.js';
import type { SandboxMarketplaceRecord, SandboxPaths } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { type Back, back, link } from './back.js';
import { Form, type FormFields } from './form.decorator.js';
import { Page, PageController } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { SandboxPages } from './sandbox-pages.js';

const PATH_LABELS: readonly (readonly [keyof SandboxPaths, string])[] = [
  ['init', 'Login begins'],
  ['consume', 'Login ends'],
  ['group', 'A company cancels'],
  ['groupUser', 'A person leaves'],
  ['notification', 'Data changed'],
];

/** What ends something for good: asked before it is done. */
const CONFIRMED: Readonly<Record<string, readonly [title: string, text: string, button: string]>> = {
  'retire-keys': [
    'Retire the old keys?',
    'An application that has not fetched its configuration since the last rotation is rejected from then on.',
    'Retire old keys',
  ],
  'retire-certificates': [
    'Retire the old certificates?',
    'Responses signed with an old key can no longer be verified by an application that trusts the published ones.',
    'Retire old certificates',
  ],
  remove: [
    'Take it out of the configuration?',
    'Your application no longer learns of it at its next refresh. Its hub keeps responding, and it can be put back.',
    'Take it out',
  ],
};

/** The developer platform as a page: what the application is configured with, rotation, and the metadata check. */
@PageController('marketplaces')
export class MarketplacesController {
  constructor(
    private readonly state: SandboxState,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly metadata: MetadataCheck,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  @Page('/')
  async list(@Exchange() exchange: SandboxExchange): Promise<string> {
    const check = exchange.query.get('check');
    const all = this.marketplaces.list();
    return this.pages.render(exchange, {
      title: count(all.filter(({ removed }) => !removed).length, 'marketplace'),
      lead: 'What the developer platform reports to your application: hosts, keys, certificates and paths.',
      active: '/marketplaces',
      body: html`${check === null ? '' : await this.#comparison(this.marketplaces.get(check).name)}
      ${all.map((record) => this.#card(record))}`,
    });
  }

  @Page('confirm')
  confirm(@Exchange() exchange: SandboxExchange): string {
    const act = exchange.query.get('act') ?? '';
    const { name } = this.marketplaces.get(exchange.query.get('marketplace') ?? '');
    const asked = Object.hasOwn(CONFIRMED, act) ? CONFIRMED[act] : undefined;
    if (!asked) throw new NotFoundException();
    const [title, text, button] = asked;
    const form = this.token.form(
      '/marketplaces/act',
      html`<h2>${name}</h2>
        ${hiddenField('marketplace', name)}${hiddenField('act', act)}
        <p>${text}</p>
        <p class="actions">
          <button class="danger primary">${button}</button
          ><a class="button quiet" href="/marketplaces">Leave it</a>
        </p>`,
      { cls: 'card confirm' },
    );
    return this.pages.render(exchange, {
      title,
      active: '/marketplaces',
      crumbs: [['Marketplaces', '/marketplaces']],
      body: form,
    });
  }

  @Post('edit')
  @Redirect()
  edit(@Form() form: FormFields): Back {
    const { marketplace = '', ...fields } = form;
    const paths = Object.fromEntries(
      PATH_LABELS.flatMap(([key]) => (fields[key]?.startsWith('/') ? [[key, fields[key]]] : [])),
    );
    this.marketplaces.edit(marketplace, { paths });
    return back(
      '/marketplaces',
      `The paths of ${marketplace} are saved; your application learns them at its next refresh.`,
    );
  }

  @Post('act')
  @Redirect()
  async act(@Form() { marketplace = '', act = '' }: FormFields): Promise<Back> {
    switch (act) {
      case 'rotate-key':
        this.marketplaces.rotateKey(marketplace);
        return back(
          '/marketplaces',
          `${marketplace} has a new key; the old one is good until it is retired.`,
        );
      case 'retire-keys':
        this.marketplaces.retireOldKeys(marketplace);
        return back('/marketplaces', `Only the newest key of ${marketplace} is good.`);
      case 'rotate-certificate':
        await this.marketplaces.rotateCertificate(marketplace);
        return back('/marketplaces', `${marketplace} signs with a new key; both certificates are published.`);
      case 'retire-certificates':
        this.marketplaces.retireOldCertificates(marketplace);
        return back('/marketplaces', `Only the newest certificate of ${marketplace} is published.`);
      case 'remove':
        this.marketplaces.remove(marketplace);
        return back('/marketplaces', `${marketplace} is gone from the configuration.`);
      case 'restore':
        this.marketplaces.restore(marketplace);
        return back('/marketplaces', `${marketplace} is back in the configuration.`);
      default:
        return back('/marketplaces', 'There is nothing of that name to do.', 'bad');
    }
  }

  #card(record: SandboxMarketplaceRecord): Html {
    const { name, apiId, apiKeys, keyPairs, paths, removed, signingKey, protocol, signatureAlgorithm } =
      record;
    const act = (label: string, does: string) =>
      this.token.action('/marketplaces/act', label, { marketplace: name, act: does });
    const ask = (label: string, does: string) =>
      html`<a class="button danger" href="${link('/marketplaces/confirm', { marketplace: name, act: does })}"
        >${label}…</a
      >`;
    const edit = this.token.form(
      '/marketplaces/edit',
      html`${hiddenField('marketplace', name)}
        <div class="fields">
          ${PATH_LABELS.map(
            ([key, label]) =>
              html`<label
                >${label}<input name="${key}" value="${paths[key]}" pattern="/.*" maxlength="500" required
              /></label>`,
          )}
        </div>
        <p class="actions"><button>Save paths</button></p>`,
      { label: `Paths of ${name}` },
    );
    return card(
      name,
      html`${keyValues([
          ['Application', html`${id(apiId)} at <code>${this.state.appHostOf(record)}</code>`],
          [
            'Login',
            `${protocol === 'saml' ? 'SAML' : 'OpenID'}, signed with ${signatureAlgorithm.toUpperCase()}`,
          ],
          ['Keys', count(apiKeys.length, 'key is', 'keys are').concat(' good, the newest is sent')],
        ])}
        <h3>Certificates</h3>
        ${table(
          `Certificates of ${name}`,
          [{ name: 'Fingerprint', kind: 'lead' }, { name: 'Use' }, { name: 'Good until' }],
          keyPairs.map(({ certificate, fingerprint }, index) => [
            html`<code class="small">${fingerprint}</code>`,
            index === signingKey ? pill('good', 'Signs') : pill('idle', 'Published'),
            new X509Certificate(certificate).validTo,
          ]),
        )}
        <details>
          <summary>The newest certificate</summary>
          ${code(`certificate-${apiId}`, `Certificate of ${name}`, keyPairs[0]?.certificate ?? '')}
        </details>
        <h3>Paths of your application</h3>
        ${edit}
        <div class="actions below">
          <a class="button" href="${link('/marketplaces', { check: name })}">Check metadata</a>
          ${act('Rotate key', 'rotate-key')}
          ${apiKeys.length > 1 ? ask('Retire old keys', 'retire-keys') : ''}
          ${act('Rotate certificate', 'rotate-certificate')}
          ${keyPairs.length > 1 ? ask('Retire old certificates', 'retire-certificates') : ''}
          ${removed ? act('Restore', 'restore') : ask('Remove', 'remove')}
        </div>`,
      { aside: removed ? pill('bad', 'Removed') : '' },
    );
  }

  /** The application's metadata beside the developer platform's copy. */
  async #comparison(name: string): Promise<Html> {
    const report = await this.metadata.run(name);
    const rows = report.fields.map(({ field, expected, seen, result }) => [
      html`<code>${field}</code>`,
      html`<code>${expected}</code>`,
      seen === null ? 'not told' : html`<code>${seen}</code>`,
      result === 'same' ? pill('good', 'same') : pill('bad', result),
    ]);
    return card(
      `Metadata for ${name}: ${report.good ? 'in order' : 'not in order'}`,
      html`<p>
          <code>GET ${report.url}</code> responded with ${report.problem ?? report.status}. A stranger is
          ${report.rejectsStrangers ? 'rejected' : html`<b class="bad">not rejected with 401</b>`}.
          ${report.leaksKey ? html`<b class="bad">The response holds the API key.</b>` : ''}
        </p>
        ${
          rows.length > 0
            ? table(
                'Fields',
                [
                  { name: 'Field', kind: 'lead' },
                  { name: 'Marketplace' },
                  { name: 'Application' },
                  { name: 'Result' },
                ],
                rows,
              )
            : ''
        }`,
      { cls: report.good ? 'good' : 'bad' },
    );
  }
}
