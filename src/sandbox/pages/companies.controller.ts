import { NotFoundException, Param, Post, Redirect } from '@nestjs/common';

import { select } from '../../views/form.js';
import { html } from '../../views/html.js';
import { Exchange, type SandboxExchange } from '../http/exchange.js';
import { LoginLog } from '../login/login-log.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { ScenarioBuilder } from '../scenarios/scenario-builder.js';
import type { SandboxGroupRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { type Back, back } from './back.js';
import { personFields, personPath, ROLES } from './company-members.js';
import { Form, type FormFields } from './form.decorator.js';
import { Page, PageController } from './page.decorator.js';
import { PageToken } from './page-token.js';
import { companyPath, SandboxPages } from './sandbox-pages.js';

/** Changes of companies: adding one, adding a person, ending a session. */
@PageController('companies')
export class CompaniesController {
  constructor(
    private readonly state: SandboxState,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly build: ScenarioBuilder,
    private readonly logins: LoginLog,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  @Page('new')
  ask(@Exchange() exchange: SandboxExchange): string {
    const names = this.marketplaces.list().map(({ name }) => name);
    const form = this.token.form(
      '/companies',
      html`<div class="fields">
          ${select('Marketplace', 'marketplace', names)}
          <label>Company<input name="company" required maxlength="80" value="Blue Gum Timber" /></label>
          <label
            >Currency<input name="currency" required pattern="[A-Z]{3}" maxlength="3" value="AUD"
          /></label>
        </div>
        <h2>Its first person</h2>
        <div class="fields">${personFields()}</div>
        <p class="actions">
          <button class="primary">Add</button><a class="button quiet" href="/companies">Leave it</a>
        </p>`,
      { cls: 'card' },
    );
    return this.pages.render(exchange, {
      title: 'Add a company',
      active: '/companies',
      crumbs: [['Companies', '/companies']],
      body: form,
    });
  }

  @Post()
  @Redirect()
  add(@Form() { marketplace = '', company = '', currency = '', ...person }: FormFields): Back {
    const { name } = this.marketplaces.get(marketplace);
    if (!company.trim() || !/^[A-Z]{3}$/.test(currency))
      return back('/companies/new', 'A company has a name, and a currency of three letters.', 'bad');
    const uid = this.#free('cld', (one) => this.state.group(name, one) !== undefined);
    this.build.group(name, { uid, name: company.trim(), currency });
    const added = this.#addPerson(name, uid, { role: 'Admin', ...person });
    return back(companyPath(name, uid), `${company.trim()} runs your application; ${added} belongs to it.`);
  }

  @Post(':marketplace/:uid/people')
  @Redirect()
  addPerson(
    @Param('marketplace') marketplace: string,
    @Param('uid') uid: string,
    @Form() form: FormFields,
  ): Back {
    const { name } = this.#group(marketplace, uid);
    return back(
      companyPath(marketplace, uid),
      `${this.#addPerson(marketplace, uid, form)} belongs to ${name}.`,
    );
  }

  @Post(':marketplace/:uid/sessions')
  @Redirect()
  endSession(
    @Param('marketplace') marketplace: string,
    @Param('uid') uid: string,
    @Form() { user = '', to = '' }: FormFields,
  ): Back {
    const group = this.#group(marketplace, uid);
    const record = this.state.user(marketplace, user);
    if (!record) throw new NotFoundException();
    record.ssoSession = this.state.nextToken();
    this.logins.ended(marketplace, user);
    return back(
      to === 'person' ? personPath(group, user) : companyPath(marketplace, uid),
      `${this.pages.person(marketplace, user)} is signed out of the marketplace; your application learns it at its next check.`,
    );
  }

  #addPerson(
    marketplace: string,
    group: string,
    { name = '', surname = '', role = 'Member' }: FormFields,
  ): string {
    const uid = this.#free('usr', (one) => this.state.user(marketplace, one) !== undefined);
    const user = this.build.user(marketplace, {
      uid,
      name: name.trim() || 'Somebody',
      surname: surname.trim() || 'New',
    });
    this.build.member(marketplace, uid, group, ROLES.find((one) => one === role) ?? 'Member');
    return `${user.name} ${user.surname} (${uid})`;
  }

  /** An id that nobody has: scenarios name theirs themselves. */
  #free(kind: string, isTaken: (id: string) => boolean): string {
    for (;;) {
      const uid = this.state.nextId(kind);
      if (!isTaken(uid)) return uid;
    }
  }

  #group(marketplace: string, uid: string): SandboxGroupRecord {
    const group = this.state.group(marketplace, uid);
    if (!group) throw new NotFoundException();
    return group;
  }
}
