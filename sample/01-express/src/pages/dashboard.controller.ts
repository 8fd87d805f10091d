import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Header,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import {
  type Bill,
  BillingService,
  MaestranoError,
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
  SsoService,
} from 'nestjs-maestrano';

import { AccountsService } from '../accounts/accounts.service.js';
import type { Company } from '../accounts/company.js';
import type { User } from '../accounts/user.js';
import { TimesheetsService } from '../timesheets/timesheets.service.js';
import { html, page, PAGE_POLICY } from './html.js';
import { billsCard, peopleCard, weekCard } from './cards.js';

/** Pages for people who are signed in. */
@Controller('dashboard')
@UseGuards(MaestranoSessionGuard)
export class DashboardController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly timesheets: TimesheetsService,
    private readonly billing: BillingService,
    private readonly sso: SsoService,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', PAGE_POLICY)
  async dashboard(
    @MaestranoSession() session: MaestranoSessionData,
    @Query('charged') charged?: string,
  ): Promise<string> {
    const { user, company } = this.#account(session);
    if (!user || !company) {
      return page(
        'Closed',
        html`<h1>This account is closed</h1>
          <p>Your company cancelled Timesheets. <a href="/">Back to the front page</a></p>`,
      );
    }
    const entries = this.timesheets.week(company.id);
    const people = this.accounts.members(company);
    const hours = entries.reduce((sum, entry) => sum + entry.hours, 0);
    return page(
      company.name,
      html`${charged ? html`<p class="notice" role="status">Charged 20.00: bill <strong>${charged}</strong>.</p>` : ''}
        <h1>${hours === 0 ? 'No hours this week yet' : `${hours} hours this week`}</h1>
        <p class="lead">${company.name}</p>
        ${weekCard(entries)}
        <div class="grid">${peopleCard(people)}${billsCard(await this.#bills(session))}</div>`,
      html`<span
          >Signed in as <strong id="user">${user.name}</strong>
          <span class="soft">through ${session.marketplace}</span></span
        >
        <form method="post" action="/dashboard/sign-out"><button>Sign out</button></form>`,
    );
  }

  /** Somebody worked for a customer. */
  @Post('hours')
  @Redirect('/dashboard', 303)
  record(@MaestranoSession() session: MaestranoSessionData, @Body() body: Record<string, unknown>): void {
    const { user, company } = this.#account(session);
    const customer = typeof body['customer'] === 'string' ? body['customer'].trim().slice(0, 80) : '';
    const hours = Number(body['hours']);
    if (customer === '' || !(hours > 0 && hours <= 24)) {
      throw new BadRequestException('A customer, and hours from 0.25 to 24.');
    }
    if (user && company) this.timesheets.record(company.id, { who: user.name, customer, hours });
  }

  @Post('charge')
  @Redirect()
  async charge(
    @MaestranoSession() session: MaestranoSessionData,
  ): Promise<{ url: string; statusCode: number }> {
    const bill = await this.billing.for(session.marketplace).bills.create({
      groupId: session.groupUid,
      priceCents: 2000,
      currency: 'AUD',
      description: 'SMS credits',
    });
    return { url: `/dashboard?charged=${encodeURIComponent(bill.id)}`, statusCode: 303 };
  }

  /** Ends the session here, and sends the browser to the marketplace to end the one there. */
  @Post('sign-out')
  @Redirect()
  async signOut(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ url: string; statusCode: number }> {
    return { url: (await this.sso.signOut(request, response)) ?? '/', statusCode: 303 };
  }

  #account({ marketplace, maskedUserUid, groupUid }: MaestranoSessionData): {
    user: User | undefined;
    company: Company | undefined;
  } {
    return {
      user: this.accounts.findUser(marketplace, maskedUserUid),
      company: this.accounts.findCompany(marketplace, groupUid),
    };
  }

  /** Null when the marketplace does not respond: the hours are shown all the same. */
  async #bills({ marketplace, groupUid }: MaestranoSessionData): Promise<readonly Bill[] | null> {
    try {
      return await this.billing.for(marketplace).bills.list({ groupId: groupUid });
    } catch (error) {
      if (error instanceof MaestranoError) return null;
      throw error;
    }
  }
}
