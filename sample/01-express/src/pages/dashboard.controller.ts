import { Controller, Get, Header, Post, Query, Redirect, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import {
  BillingService,
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
  SsoService,
} from 'nestjs-maestrano';

import { AccountsService } from '../accounts/accounts.service.js';
import { escape, page } from './html.js';

/** Pages for people who are signed in. */
@Controller('dashboard')
@UseGuards(MaestranoSessionGuard)
export class DashboardController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly billing: BillingService,
    private readonly sso: SsoService,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  dashboard(@MaestranoSession() session: MaestranoSessionData, @Query('charged') charged?: string): string {
    const user = this.accounts.findUser(session.marketplace, session.maskedUserUid);
    const company = this.accounts.findCompany(session.marketplace, session.groupUid);
    if (!user || !company) return page('Gone', '<h1>This account is closed</h1>');
    const rows = this.accounts
      .members(company)
      .map(
        ({ user: member, role }) =>
          `<tr><td>${escape(member.name)}</td><td>${escape(member.email ?? '')}</td><td>${escape(role)}</td></tr>`,
      )
      .join('\n');
    const notice = charged
      ? `<p class="notice" role="status">Charged 20.00: bill <strong>${escape(charged)}</strong>.</p>`
      : '';
    return page(
      company.name,
      `${notice}<h1>${escape(company.name)}</h1>
<p>Signed in as <strong id="user">${escape(user.name)}</strong>
<span class="muted">through ${escape(session.marketplace)}</span></p>
<h2>Members</h2>
<table><thead><tr><th>Name</th><th>E-mail</th><th>Role</th></tr></thead><tbody>${rows}</tbody></table>
<h2>Billing</h2>
<form method="post" action="/dashboard/charge"><button class="button">Charge 20.00</button></form>
<form method="post" action="/dashboard/sign-out"><button class="button plain">Sign out</button></form>`,
    );
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
}
