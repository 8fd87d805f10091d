import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Subscription } from 'rxjs';

import type { MarketplaceEvent } from '../../interfaces/marketplace-events.interface.js';
import { MarketplaceLoader } from '../../marketplace/marketplace-loader.js';
import { MarketplaceRegistry } from '../../marketplace/marketplace-registry.js';
import { count } from '../../views/format.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import { card, table } from '../../views/parts.js';
import type { ConsoleAction, ConsoleAttention, ConsolePage, ConsoleSection } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import {
  attentionOf,
  certificatesOf,
  describeEvent,
  expiryOf,
  problemsOf,
  sourcesOf,
} from './marketplaces-look.js';

/** Changes that are remembered by this process. */
const REMEMBERED = 50;

interface SeenChange {
  readonly at: string;
  readonly event: MarketplaceEvent;
}

/** The configuration: how old it is, what is wrong with it, whose certificates end, and what the last refresh changed. */
@Injectable()
export class MarketplacesSection implements ConsoleSection, OnModuleDestroy {
  readonly path = 'marketplaces';
  readonly name = 'Marketplaces';
  readonly group = 'House';
  readonly #seen: SeenChange[] = [];
  readonly #subscription: Subscription;

  readonly actions: Readonly<Record<string, ConsoleAction>> = {
    refresh: {
      role: 'replay',
      describe: () => ({ what: 'Fetched the configuration of all marketplaces', on: '' }),
      run: async () => {
        const before = this.registry.snapshot.version;
        const { sources, version } = await this.loader.refresh();
        const changes = this.#seen
          .map(({ event }) => event)
          .filter((event) => event.version > before && event.version <= version);
        const failed = sources.filter(({ failures }) => failures > 0);
        if (failed.length > 0) {
          const names = failed.map(({ name, lastError }) => `${name} (${lastError?.code ?? 'unknown'})`);
          return {
            tone: 'warn',
            text: `Not everything could be fetched: ${names.join(', ')}. What was there stays in force.`,
          };
        }
        return {
          tone: 'good',
          text:
            changes.length === 0
              ? 'Fetched. Nothing has changed.'
              : `Fetched. ${changes.map((event) => describeEvent(event)).join(' ')}`.slice(0, 1_000),
        };
      },
    },
  };

  constructor(
    private readonly loader: MarketplaceLoader,
    private readonly registry: MarketplaceRegistry,
  ) {
    this.#subscription = registry.events.subscribe((event) => {
      this.#seen.unshift({ at: new Date().toISOString(), event });
      this.#seen.splice(REMEMBERED);
    });
  }

  onModuleDestroy(): void {
    this.#subscription.unsubscribe();
  }

  attention(): Promise<readonly ConsoleAttention[]> {
    return Promise.resolve(attentionOf(this.loader.status));
  }

  page(view: ConsoleView, name: string): Promise<ConsolePage | null> {
    return Promise.resolve(name === '' ? this.#page(view) : null);
  }

  #page(view: ConsoleView): ConsolePage {
    const status = this.loader.status;
    const marketplaces = this.registry.list();
    const refresh = view.action({
      section: this.path,
      action: 'refresh',
      role: 'replay',
      label: 'Fetch the configuration now',
      kind: 'primary',
    });
    const body = html`<div class="stack">
      ${card('Sources', sourcesOf(status, view))} ${status.problems.length > 0 ? problemsOf(status) : ''}
      ${expiryOf(status)}
      ${card('Marketplaces and their certificates', certificatesOf(marketplaces, view), { flush: true })}
      ${card('What refreshes changed', this.#changes(view), { aside: 'since this instance started' })}
    </div>`;
    const failing = status.sources.filter(({ failures }) => failures > 0).length;
    return {
      title:
        failing > 0
          ? `${count(failing, 'source')} of the configuration cannot be read`
          : `${count(marketplaces.length, 'marketplace')}, configuration version ${status.version}`,
      lead: 'What is served stays in force until something newer was read and understood.',
      actions: status.sources.length > 0 ? refresh : undefined,
      body,
      data: {
        status,
        marketplaces: marketplaces.map((one) => ({
          name: one.name,
          environment: one.environment,
          certificates: one.sso.certificates.map(({ sha256, notAfter }) => ({ sha256, notAfter })),
        })),
        changes: this.#seen.map(({ at, event }) => ({
          at,
          type: event.type,
          marketplace: event.marketplace.name,
          changes: event.type === 'changed' ? event.changes : [],
        })),
      },
    };
  }

  #changes(view: ConsoleView): Html {
    const changed = this.#seen.filter(
      ({ event }) => event.type !== 'credentialsRotated' && event.type !== 'certificateRotated',
    );
    if (changed.length === 0) return html`<p class="soft">Nothing yet.</p>`;
    const lines = changed.flatMap(({ at, event }): HtmlValue[][] =>
      event.type === 'changed'
        ? event.changes.map(({ key, before, after }) => [
            view.when(at),
            event.marketplace.name,
            html`<code>${key}</code>`,
            before ?? '–',
            after ?? '–',
          ])
        : [[view.when(at), event.marketplace.name, event.type, '', '']],
    );
    return table(
      'Changes',
      [
        { name: 'When' },
        { name: 'Marketplace', kind: 'lead' },
        { name: 'What' },
        { name: 'Before' },
        { name: 'After' },
      ],
      lines.slice(0, REMEMBERED),
    );
  }
}
