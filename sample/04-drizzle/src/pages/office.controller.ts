import { Body, Controller, Get, Header, Post, Query, Redirect, Req, Res, UseGuards } from '@nestjs/common';
import {
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
  SsoService,
} from 'nestjs-maestrano';

import { AccountsService } from '../accounts/accounts.service.js';
import { BillingService, PRICE_CENTS } from '../desks/billing.service.js';
import { DESKS, DesksService } from '../desks/desks.service.js';
import { html } from './html.js';
import { page } from './page.js';
import { SignedInService } from './signed-in.js';

const DAY = /^\d{4}-\d\d-\d\d$/;

interface Seat {
  readonly day?: unknown;
  readonly desk?: unknown;
}

interface SeeOther {
  readonly url: string;
  readonly statusCode: 303;
}

const seeOther = (url: string): SeeOther => ({ url, statusCode: 303 });
const today = (): string => new Date().toISOString().slice(0, 10);
const dayOf = (text: unknown): string => (typeof text === 'string' && DAY.test(text) ? text : today());

/** Pages for people who are signed in. */
@Controller()
@UseGuards(MaestranoSessionGuard)
export class OfficeController {
  constructor(
    private readonly signedIn: SignedInService,
    private readonly accounts: AccountsService,
    private readonly desks: DesksService,
    private readonly billing: BillingService,
    private readonly sso: SsoService,
  ) {}

  @Get('desks')
  @Header('Content-Type', 'text/html; charset=utf-8')
  async plan(
    @MaestranoSession() session: MaestranoSessionData,
    @Query('day') wanted?: string,
    @Query('taken') taken?: string,
  ): Promise<string> {
    const { user, company, visitor } = await this.signedIn.of(session);
    const day = dayOf(wanted);
    const [bookings, members] = await Promise.all([
      this.desks.onDay(company.id, day),
      this.accounts.members(company.id),
    ]);
    const names = new Map(members.map((member) => [member.user.id, member.user.name]));
    const seats = Array.from({ length: DESKS }, (_, at) => {
      const desk = at + 1;
      const booking = bookings.find((one) => one.desk === desk);
      const isMine = booking?.userId === user.id;
      const act = (action: string, label: string, kind: string) =>
        html`<form method="post" action="/desks/${action}">
          <input type="hidden" name="day" value="${day}" /><input type="hidden" name="desk" value="${desk}" />
          <button class="${kind}" aria-label="${label} desk ${desk}">${label}</button>
        </form>`;
      if (!booking) return html`<li><b>${desk}</b><span>Free</span>${act('book', 'Book', '')}</li>`;
      const who = isMine ? 'You' : (names.get(booking.userId) ?? 'Somebody who left');
      const action = isMine ? act('release', 'Release', 'plain') : html``;
      return html`<li class="${isMine ? 'mine' : 'taken'}"><b>${desk}</b><span>${who}</span>${action}</li>`;
    });
    const notice = taken
      ? html`<p class="notice warn" role="status">
          Desk ${taken} was taken a moment ago. Here is what is free now.
        </p>`
      : html``;
    const free = DESKS - bookings.length;
    return page(
      `${free} desks are free`,
      html`${notice}
        <h1>${free} of ${DESKS} desks are free</h1>
        <form class="row" action="/desks">
          <label>Day <input type="date" name="day" value="${day}" /></label
          ><button class="plain">Show</button>
        </form>
        <ul class="desks">
          ${seats}
        </ul>`,
      visitor,
    );
  }

  @Post('desks/book')
  @Redirect()
  async book(@MaestranoSession() session: MaestranoSessionData, @Body() seat: Seat): Promise<SeeOther> {
    const { user, company } = await this.signedIn.of(session);
    const [day, desk] = [dayOf(seat.day), Number(seat.desk)];
    const isDesk = Number.isInteger(desk) && desk >= 1 && desk <= DESKS;
    const hasIt = isDesk && (await this.desks.book(company.id, user.id, day, desk));
    return seeOther(`/desks?day=${day}${hasIt ? '' : `&taken=${isDesk ? desk : ''}`}`);
  }

  @Post('desks/release')
  @Redirect()
  async release(@MaestranoSession() session: MaestranoSessionData, @Body() seat: Seat): Promise<SeeOther> {
    const { user, company } = await this.signedIn.of(session);
    const day = dayOf(seat.day);
    await this.desks.release(company.id, user.id, day, Number(seat.desk) || 0);
    return seeOther(`/desks?day=${day}`);
  }

  @Get('people')
  @Header('Content-Type', 'text/html; charset=utf-8')
  async people(@MaestranoSession() session: MaestranoSessionData): Promise<string> {
    const { company, visitor } = await this.signedIn.of(session);
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
        <p class="lead">
          Who is here is decided at the marketplace: whom an administrator removes there is out at once.
        </p>
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
    @MaestranoSession() session: MaestranoSessionData,
    @Query('charged') charged?: string,
  ): Promise<string> {
    const { company, visitor } = await this.signedIn.of(session);
    const month = today().slice(0, 7);
    const count = await this.billing.unbilled(company.id, month);
    const amount = ((count * PRICE_CENTS) / 100).toFixed(2);
    const notice = charged
      ? html`<p class="notice" role="status">
          ${charged} bookings are on the next bill of your marketplace.
        </p>`
      : html``;
    return page(
      'Billing',
      html`${notice}
        <h1>Billing</h1>
        <p class="lead">Desks are charged through the marketplace, once each.</p>
        <div class="card">
          Not charged yet in ${month}
          <strong>${amount} AUD</strong>
          <p>${count} bookings of ${(PRICE_CENTS / 100).toFixed(2)} AUD</p>
          <form method="post" action="/billing/charge"><button>Charge ${amount} AUD</button></form>
        </div>`,
      visitor,
    );
  }

  @Post('billing/charge')
  @Redirect()
  async charge(@MaestranoSession() session: MaestranoSessionData): Promise<SeeOther> {
    const { company } = await this.signedIn.of(session);
    const customer = { companyId: company.id, marketplace: session.marketplace, groupUid: session.groupUid };
    const count = await this.billing.charge(customer, today().slice(0, 7));
    return seeOther(`/billing?charged=${count}`);
  }

  /** Ends the session here, and sends the browser to the marketplace to end the one there. */
  @Post('sign-out')
  @Redirect()
  async signOut(@Req() request: unknown, @Res({ passthrough: true }) response: unknown): Promise<SeeOther> {
    return seeOther((await this.sso.signOut(request, response)) ?? '/');
  }
}
