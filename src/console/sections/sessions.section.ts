import { Injectable } from '@nestjs/common';

import { MaestranoConsoleError } from '../../errors/console.error.js';
import { MarketplaceRegistry } from '../../marketplace/marketplace-registry.js';
import { SessionRevocations } from '../../session/session-revocations.service.js';
import { DeletedGroupsService } from '../../stores/deleted-groups.service.js';
import { select } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { card } from '../../views/parts.js';
import type {
  ConsoleAction,
  ConsoleAttention,
  ConsoleFields,
  ConsolePage,
  ConsoleSection,
} from '../console-section.js';
import type { ConsoleView } from '../console-view.js';

/** An identifier of the platform, a virtual one of a person included (protocol §4.10). */
const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,255}$/;

/** Whose sessions are ended. */
interface Target {
  readonly marketplace: string;
  readonly group: string;
  /** Null for everybody of the group. */
  readonly user: string | null;
}

/** Ends the sessions of a company, or of one person in it, on every instance. */
@Injectable()
export class SessionsSection implements ConsoleSection {
  readonly path = 'sessions';
  readonly name = 'Sessions';
  readonly group = 'House';
  readonly actions: Readonly<Record<string, ConsoleAction>> = {
    end: {
      role: 'replay',
      describe: (fields) => {
        const target = this.#targetOf(fields);
        return { what: 'Ended all sessions', on: describeTarget(target) };
      },
      run: async (fields) => {
        const { marketplace, group, user } = this.#targetOf(fields);
        if (user === null) await this.revocations.closeGroup(marketplace, group);
        else await this.revocations.closeMembership(marketplace, group, user);
        const who = user === null ? `Everybody of ${group}` : `${user} of ${group}`;
        return { text: `${who} on ${marketplace} has to sign in again.` };
      },
    },
  };

  constructor(
    private readonly registry: MarketplaceRegistry,
    private readonly revocations: SessionRevocations,
    private readonly deletedGroups: DeletedGroupsService,
  ) {}

  attention(): Promise<readonly ConsoleAttention[]> {
    return Promise.resolve([]);
  }

  page(view: ConsoleView, name: string): Promise<ConsolePage | null> {
    if (name === '') return Promise.resolve(this.#form(view));
    return name === 'confirm' ? this.#confirm(view) : Promise.resolve(null);
  }

  #form(view: ConsoleView): ConsolePage {
    const names = this.registry.list().map((marketplace) => marketplace.name);
    const body = html`<form class="card" action="${view.link(this.path, 'confirm')}">
      <div class="fields">
        ${select('Marketplace', 'marketplace', names, view.param('marketplace'))}
        ${field('Company (cld-…)', 'group', view.param('group'), true)}
        ${field('Person (usr-…), everybody where empty', 'user', view.param('user'), false)}
      </div>
      <p class="soft">
        Sessions live in sealed cookies, or in the application’s own session: they cannot be listed or counted
        here. What ends them is a mark with the present time, which every page looks at.
      </p>
      <p class="actions"><button class="primary">End sessions…</button></p>
    </form>`;
    return {
      title: 'End sessions',
      lead: 'Of everybody in a company, or of one person in it, on all instances at once.',
      body,
      data: { marketplaces: names },
    };
  }

  async #confirm(view: ConsoleView): Promise<ConsolePage> {
    const target = this.#targetOf(new Map(view.query));
    const { marketplace, group, user } = target;
    const left = await this.deletedGroups.deletedAt(marketplace, group);
    const fields = { marketplace, group, user: user ?? '' };
    const content = html`<p class="big">${user === null ? `Everybody of ${group}` : `${user} of ${group}`}</p>
      ${left === null ? '' : leftCard(view, left)}
      <p>
        On ${marketplace}. Every session that began until now ends with its next page; whoever may, signs in
        again at once. Nothing else is changed, and it cannot be undone.
      </p>
      ${view.action({ section: this.path, action: 'end', role: 'replay', label: 'End these sessions', kind: 'danger', fields })}
      <a class="button quiet" href="${view.link(this.path, '', fields)}">Leave them</a>`;
    return {
      title: 'End these sessions?',
      crumbs: [['Sessions', view.link(this.path)]],
      body: card('What will happen', content, { cls: 'confirm' }),
      data: { ...target, leftAt: left },
    };
  }

  #targetOf(fields: ConsoleFields): Target {
    const marketplace = fields.get('marketplace') ?? '';
    const group = (fields.get('group') ?? '').trim();
    const user = (fields.get('user') ?? '').trim();
    if (!this.registry.has(marketplace)) {
      throw new MaestranoConsoleError('console.input', { message: 'There is no such marketplace.' });
    }
    if (!IDENTIFIER.test(group) || (user !== '' && !IDENTIFIER.test(user))) {
      throw new MaestranoConsoleError('console.input', {
        message: 'A company is named by its identifier, such as cld-1, and a person by one such as usr-1.',
      });
    }
    return { marketplace, group, user: user === '' ? null : user };
  }
}

/** Says that the company is no customer any more, which is why nothing of it comes or goes. */
function leftCard(view: ConsoleView, at: Date): Html {
  return html`<div class="card warn">
    <h3>This company left</h3>
    <p>
      The marketplace removed it ${view.when(at)}. Its sessions ended then, its notifications are dropped, and
      its data were handed to your group adapter to delete. A customer who comes back signs in through the
      marketplace, with a new identifier as a rule.
    </p>
  </div>`;
}

function describeTarget({ marketplace, group, user }: Target): string {
  return user === null ? `${group} on ${marketplace}` : `${user} of ${group} on ${marketplace}`;
}

function field(label: string, name: string, value: string, isRequired: boolean): Html {
  return html`<label
    >${label}<input
      name="${name}"
      value="${value}"
      maxlength="256"
      autocomplete="off"
      ${isRequired ? html`required` : ''}
  /></label>`;
}
