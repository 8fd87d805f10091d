import { Controller, Post, Query, Redirect, UseGuards } from '@nestjs/common';

import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { ScenarioBuilder } from '../scenarios/scenario-builder.js';
import { SandboxState } from '../state/sandbox-state.js';
import { html, type Html } from '../../views/html.js';
import { action, options } from '../../views/form.js';
import { table } from '../../views/table.js';
import { sandboxPage } from './sandbox-page.js';
import { SandboxWebhooks } from '../webhooks/sandbox-webhooks.js';
import { type Back, back } from './back.js';
import { Form, type FormFields } from './form.decorator.js';
import { Page } from './page.decorator.js';
import { SameOriginGuard } from './same-origin.guard.js';

const ROLES = ['Member', 'Power User', 'Admin', 'Super Admin', 'Guest'];

/** Companies shown of one marketplace; a scenario may have thousands. */
const SHOWN = 100;

/** Who belongs to which company; and what a marketplace's customers do to that. */
@Controller('people')
@UseGuards(SameOriginGuard)
export class PeopleController {
  constructor(
    private readonly state: SandboxState,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly build: ScenarioBuilder,
    private readonly webhooks: SandboxWebhooks,
  ) {}

  @Page('/')
  list(@Query('done') done?: string): string {
    return sandboxPage({
      title: 'Users and groups',
      lead: 'Groups are customer companies; a person signs in through one of them.',
      active: '/people',
      notice: done ?? null,
      body: html`${this.marketplaces.list().map(({ name }) => this.#marketplace(name))}`,
    });
  }

  @Post('add')
  @Redirect()
  add(@Form() form: FormFields): Back {
    const { marketplace = '', group = '', role = 'Member', name = '', surname = '' } = form;
    const uid = this.state.nextId('usr');
    this.build.user(marketplace, { uid, name: name || 'Somebody', surname: surname || 'New' });
    this.build.member(marketplace, uid, group, role);
    return back('/people', `${name || 'Somebody'} (${uid}) belongs to ${group}.`);
  }

  @Post('leave')
  @Redirect()
  async leave(@Form() { marketplace = '', group = '', user = '' }: FormFields): Promise<Back> {
    const [delivery] = await this.webhooks.deleteGroupUser(group, user, { marketplace });
    return back(
      '/people',
      `${user} left ${group}; your webhook responded with ${delivery?.status ?? delivery?.error}.`,
    );
  }

  #marketplace(name: string): Html {
    const groups = this.state.groupsOf(name);
    const members = new Map<string, Html[]>();
    for (const membership of this.state.memberships) {
      if (membership.marketplace !== name) continue;
      const user = this.state.user(name, membership.userUid);
      if (!user) continue;
      const rows = members.get(membership.groupUid) ?? [];
      rows.push(
        html`<tr>
          <td>${user.name} ${user.surname}</td>
          <td>${user.email}</td>
          <td>${membership.role}</td>
          <td>
            ${action('/people/leave', 'Remove', { marketplace: name, group: membership.groupUid, user: user.uid }, 'danger')}
          </td>
        </tr>`,
      );
      members.set(membership.groupUid, rows);
    }
    const hidden = groups.length - SHOWN;
    return html`<h2>${name}</h2>
      ${groups.slice(0, SHOWN).map(
        (group) =>
          html`<section class="card">
            <h3>
              ${group.name} <span class="muted">${group.uid}</span>
              <span class="tag">${group.status}</span>
              ${group.hasCreditCard ? html`<span class="tag">card</span>` : ''}
            </h3>
            ${table(
              `Members of ${group.name}`,
              ['Name', 'E-mail', 'Role', 'Action'],
              members.get(group.uid) ?? [],
              'Nobody belongs to it.',
            )}
          </section>`,
      )}
      ${hidden > 0 ? html`<p class="muted">And ${hidden} more.</p>` : ''}
      <form method="post" action="/people/add" class="row">
        <input type="hidden" name="marketplace" value="${name}" />
        <label>First name<input name="name" required maxlength="80" /></label>
        <label>Last name<input name="surname" required maxlength="80" /></label>
        <label
          >Company<select name="group">
            ${options(groups.slice(0, SHOWN).map(({ uid, name: label }) => [uid, label] as const))}
          </select></label
        >
        <label
          >Role<select name="role">
            ${options(ROLES)}
          </select></label
        >
        <button>Add a person</button>
      </form>`;
  }
}
