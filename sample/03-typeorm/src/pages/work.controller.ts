import { Body, Controller, Get, Header, Post, Query, Redirect, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import {
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
  OptionalMaestranoSession,
  SsoService,
} from 'nestjs-maestrano';

import { AccountsService } from '../accounts/accounts.service.js';
import { signInTo, signOutOf } from '../auth/passport.js';
import { SignedInGuard } from '../auth/signed-in.guard.js';
import { BillingService, PRICE_CENTS } from '../hours/billing.service.js';
import { HoursService } from '../hours/hours.service.js';
import { field, seeOther, type SeeOther } from './home.controller.js';
import { html } from './html.js';
import { page } from './page.js';
import { PeopleHere } from './people-here.js';

type Fields = Readonly<Record<string, unknown>>;
type Session = MaestranoSessionData | null;

const hoursOf = (minutes: number): string =>
  `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;

/** Pages for people who are signed in, through a marketplace or with a password. */
@Controller()
@UseGuards(MaestranoSessionGuard, SignedInGuard)
@OptionalMaestranoSession()
export class WorkController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly here: PeopleHere,
    private readonly hours: HoursService,
    private readonly billing: BillingService,
    private readonly sso: SsoService,
  ) {}

  @Get('hours')
  @Header('Content-Type', 'text/html; charset=utf-8')
  async mine(@Req() request: Request, @MaestranoSession() session: Session): Promise<string> {
    const { user, company, visitor } = await this.here.atWork(request, session);
    const [lines, customers] = await Promise.all([
      this.hours.latest(company.id, user.id),
      this.hours.customers(company.id),
    ]);
    const rows = lines.map(
      ({ day, customer, minutes, billedAt }) =>
        html`<tr>
          <td>${day}</td>
          <td>${customer}</td>
          <td class="number">${hoursOf(minutes)}</td>
          <td>${billedAt ? 'billed' : ''}</td>
        </tr>`,
    );
    const options = customers.map(({ name }) => html`<option value="${name}"></option>`);
    const total = lines.reduce((sum, { minutes }) => sum + minutes, 0);
    return page(
      'My hours',
      html`<h1>${hoursOf(total)} hours lately</h1>
        <p class="lead">What did you work on? The same customer and day once more replaces the line.</p>
        <form class="line" method="post" action="/hours">
          <label
            >Day <input type="date" name="day" value="${new Date().toISOString().slice(0, 10)}" required
          /></label>
          <label>Customer <input name="customer" list="customers" required /></label>
          <label>Minutes <input type="number" name="minutes" min="1" max="1440" value="60" required /></label>
          <button>Write down</button>
        </form>
        <datalist id="customers">${options}</datalist>
        <h2>Lately</h2>
        <table>
          <thead>
            <tr>
              <th>Day</th>
              <th>Customer</th>
              <th>Hours</th>
              <th>State</th>
            </tr>
          </thead>
          <tbody>
            ${rows}
          </tbody>
        </table>`,
      visitor,
    );
  }

  @Post('hours')
  @Redirect()
  async write(
    @Req() request: Request,
    @MaestranoSession() session: Session,
    @Body() fields: Fields,
  ): Promise<SeeOther> {
    const { user, company } = await this.here.atWork(request, session);
    const [day, customer] = [field(fields, 'day'), field(fields, 'customer')];
    const minutes = Number(field(fields, 'minutes'));
    const isGood =
      !Number.isNaN(Date.parse(day)) && Number.isInteger(minutes) && minutes >= 1 && minutes <= 1_440;
    if (isGood && customer) {
      await this.hours.write({ companyId: company.id, userId: user.id, day, customer, minutes });
    }
    return seeOther('/hours');
  }

  @Get('people')
  @Header('Content-Type', 'text/html; charset=utf-8')
  async people(@Req() request: Request, @MaestranoSession() session: Session): Promise<string> {
    const { company, visitor } = await this.here.atWork(request, session);
    const members = await this.accounts.members(company.id);
    const rows = members.map(
      ({ user, role }) =>
        html`<tr>
          <td>${user.name}</td>
          <td>${user.email ?? ''}</td>
          <td>${role}</td>
        </tr>`,
    );
    return page(
      'People',
      html`<h1>${members.length} people of ${company.name}</h1>
        <table>
          <thead>
            <tr>
              <th>Name</th>
              <th>E-mail</th>
              <th>Role</th>
            </tr>
          </thead>
          <tbody>
            ${rows}
          </tbody>
        </table>`,
      visitor,
    );
  }

  @Get('billing')
  @Header('Content-Type', 'text/html; charset=utf-8')
  async bill(
    @Req() request: Request,
    @MaestranoSession() session: Session,
    @Query('charged') charged?: string,
  ): Promise<string> {
    const { company, visitor } = await this.here.atWork(request, session);
    const people = await this.billing.unbilled(company.id);
    const amount = ((people * PRICE_CENTS) / 100).toFixed(2);
    const notice = charged
      ? html`<p class="notice" role="status">${charged} people are on the next bill of your marketplace.</p>`
      : html``;
    const action = session
      ? html`<form method="post" action="/billing/charge"><button>Charge ${amount} AUD</button></form>`
      : html`<p>Your company pays by invoice.</p>`;
    return page(
      'Billing',
      html`${notice}
        <h1>Billing</h1>
        <p class="lead">
          ${(PRICE_CENTS / 100).toFixed(2)} AUD for everybody who wrote hours, each hour charged once.
        </p>
        <div class="card">
          Not charged yet<strong>${amount} AUD</strong>
          <p>${people} people</p>
          ${action}
        </div>`,
      visitor,
    );
  }

  @Post('billing/charge')
  @Redirect()
  async charge(@Req() request: Request, @MaestranoSession() session: Session): Promise<SeeOther> {
    const { company } = await this.here.atWork(request, session);
    if (!session) return seeOther('/billing');
    const { marketplace, groupUid } = session;
    return seeOther(
      `/billing?charged=${await this.billing.charge({ companyId: company.id, marketplace, groupUid })}`,
    );
  }

  @Get('account')
  @Header('Content-Type', 'text/html; charset=utf-8')
  async account(
    @Req() request: Request,
    @MaestranoSession() session: Session,
    @Query('linked') linked?: string,
  ): Promise<string> {
    const { user, visitor } = await this.here.of(request, session);
    const notice =
      linked === 'no'
        ? html`<p class="notice warn" role="alert">Address and password do not belong together.</p>`
        : linked
          ? html`<p class="notice" role="status">Both are one account now.</p>`
          : html``;
    const form = html`<form class="card" method="post" action="/account/link">
      <h2>I had an account here before</h2>
      <p>
        Sign in to it once with its password. What you have here becomes part of it, and both ways lead to the
        same account.
      </p>
      <label>E-mail <input name="email" type="email" autocomplete="username" required /></label>
      <label
        >Password <input name="password" type="password" autocomplete="current-password" required
      /></label>
      <button>Make them one</button>
    </form>`;
    return page(
      'Account',
      html`${notice}
        <h1>${user.name}</h1>
        <p class="lead">
          ${user.loginEmail ? `Signs in with ${user.loginEmail}` : 'Signs in through the marketplace only'}.
        </p>
        ${session && !user.loginEmail ? form : html``}`,
      visitor,
    );
  }

  /** On purpose, and with both proofs: the login through the marketplace, and the password. */
  @Post('account/link')
  @Redirect()
  async link(
    @Req() request: Request,
    @MaestranoSession() session: Session,
    @Body() fields: Fields,
  ): Promise<SeeOther> {
    const { user } = await this.here.of(request, session);
    if (!session || user.loginEmail) return seeOther('/account');
    const account = await this.accounts.byPassword(field(fields, 'email'), field(fields, 'password'));
    if (!account) return seeOther('/account?linked=no');
    await this.accounts.link(user, account);
    await signInTo(request, account);
    return seeOther('/account?linked=yes');
  }

  @Post('sign-out')
  @Redirect()
  async signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response): Promise<SeeOther> {
    // That of the marketplace where there is one; the adapter ends ours with it.
    const url = await this.sso.signOut(request, response);
    if (request.user) await signOutOf(request);
    return seeOther(url ?? '/');
  }
}
