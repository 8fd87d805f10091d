import { Controller, Post, Query, Redirect, UseGuards } from '@nestjs/common';

import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import type { SandboxMarketplaceRecord, SandboxPaths } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { html, type Html } from '../../views/html.js';
import { action } from '../../views/form.js';
import { sandboxPage } from './sandbox-page.js';
import { type Back, back } from './back.js';
import { Form, type FormFields } from './form.decorator.js';
import { MetadataComparison } from './metadata-comparison.js';
import { Page } from './page.decorator.js';
import { SameOriginGuard } from './same-origin.guard.js';

const PATH_LABELS: readonly (readonly [keyof SandboxPaths, string])[] = [
  ['init', 'Login begins'],
  ['consume', 'Login ends'],
  ['group', 'A company cancels'],
  ['groupUser', 'A person leaves'],
  ['notification', 'Data changed'],
];

/** The developer platform as a page: what the application is configured with, rotation, and the metadata check. */
@Controller('marketplaces')
@UseGuards(SameOriginGuard)
export class MarketplacesController {
  constructor(
    private readonly state: SandboxState,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly metadata: MetadataComparison,
  ) {}

  @Page('/')
  async list(@Query('done') done?: string, @Query('check') check?: string): Promise<string> {
    const comparison = check ? await this.metadata.compare(this.marketplaces.get(check)) : '';
    return sandboxPage({
      title: 'Marketplaces',
      lead: 'What the developer platform reports to your application: hosts, keys, certificates and paths.',
      active: '/marketplaces',
      notice: done ?? null,
      body: html`${comparison} ${this.marketplaces.list().map((record) => this.#card(record))}`,
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
      default:
        this.marketplaces.restore(marketplace);
        return back('/marketplaces', `${marketplace} is back in the configuration.`);
    }
  }

  #card(record: SandboxMarketplaceRecord): Html {
    const { name, apiId, apiKeys, keyPairs, paths, removed } = record;
    const act = (label: string, does: string, kind: 'plain' | 'danger' = 'plain') =>
      action('/marketplaces/act', label, { marketplace: name, act: does }, kind);
    return html`<section class="card" aria-labelledby="m-${name}">
      <h2 id="m-${name}" style="margin-top: 0">
        ${name} ${removed ? html`<span class="tag bad">removed</span>` : ''}
      </h2>
      <p>
        API id <code>${apiId}</code> · ${apiKeys.length} ${apiKeys.length === 1 ? 'key' : 'keys'} ·
        ${keyPairs.length} ${keyPairs.length === 1 ? 'certificate' : 'certificates'} · application at
        <code>${this.state.appHostOf(record)}</code>
      </p>
      <form method="post" action="/marketplaces/edit">
        <input type="hidden" name="marketplace" value="${name}" />
        <div class="row">
          ${PATH_LABELS.map(
            ([key, label]) =>
              html`<label
                >${label}<input name="${key}" value="${paths[key]}" size="42" pattern="/.*" required
              /></label>`,
          )}
          <button class="plain">Save paths</button>
        </div>
      </form>
      <p>
        <a class="button" href="/marketplaces?check=${encodeURIComponent(name)}">Check metadata</a>
        ${act('Rotate key', 'rotate-key')} ${apiKeys.length > 1 ? act('Retire old keys', 'retire-keys') : ''}
        ${act('Rotate certificate', 'rotate-certificate')}
        ${keyPairs.length > 1 ? act('Retire old certificates', 'retire-certificates') : ''}
        ${removed ? act('Restore', 'restore') : act('Remove', 'remove', 'danger')}
      </p>
    </section>`;
  }
}
