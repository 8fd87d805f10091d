import { Body, Controller, Get, Header, Post, Query, Redirect, Req, UseGuards } from '@nestjs/common';
import type { Request } from 'express';
import {
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
  OptionalMaestranoSession,
} from 'nestjs-maestrano';

import { SignedInGuard } from '../auth/signed-in.guard.js';
import { TextMessagesService } from '../hours/text-messages.service.js';
import { field, seeOther, type SeeOther } from './home.controller.js';
import { html } from './html.js';
import { page } from './page.js';
import { PeopleHere } from './people-here.js';

/** The text of a form: longer than a message may be, so that the database decides. */
const LONGEST = 1_000;

/** Messages to customers, and what they cost so far. */
@Controller('messages')
@UseGuards(MaestranoSessionGuard, SignedInGuard)
@OptionalMaestranoSession()
export class TextMessagesController {
  constructor(
    private readonly here: PeopleHere,
    private readonly messages: TextMessagesService,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  async mine(
    @Req() request: Request,
    @MaestranoSession() session: MaestranoSessionData | null,
    @Query('sent') sent?: string,
  ): Promise<string> {
    const { visitor } = await this.here.atWork(request, session);
    const cost = session ? await this.messages.soFar(session) : null;
    const notice =
      sent === 'no'
        ? html`<p class="notice warn" role="alert">A message has 1 to 160 characters. Nothing was sent.</p>`
        : sent
          ? html`<p class="notice" role="status">Sent.</p>`
          : html``;
    return page(
      'Messages',
      html`${notice}
        <h1>Messages to customers</h1>
        <p class="lead">
          ${cost ?? 'Nothing so far'}. Each message is on the bill of your marketplace once, at the end of the
          month.
        </p>
        <form class="card" method="post" action="/messages">
          <label>Customer <input name="customer" required /></label>
          <label>Message <input name="text" required /></label>
          <button>Send</button>
        </form>`,
      visitor,
    );
  }

  @Post()
  @Redirect()
  async send(
    @Req() request: Request,
    @MaestranoSession() session: MaestranoSessionData | null,
    @Body() fields: Readonly<Record<string, unknown>>,
  ): Promise<SeeOther> {
    const { company } = await this.here.atWork(request, session);
    const customer = field(fields, 'customer');
    const text = typeof fields['text'] === 'string' ? fields['text'].slice(0, LONGEST) : '';
    try {
      await this.messages.send(company.id, session, { customer, text });
      return seeOther('/messages?sent=yes');
    } catch (error) {
      // The table's own check: what does not fit is rolled back with its usage.
      if ((error as { code?: unknown }).code !== '23514') throw error;
      return seeOther('/messages?sent=no');
    }
  }
}
