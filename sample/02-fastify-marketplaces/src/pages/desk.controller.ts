import {
  Body,
  Controller,
  Get,
  Header,
  NotFoundException,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import {
  BillingService,
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
  SsoService,
} from 'nestjs-maestrano';

import { type Invoice, InvoicesService } from '../invoices/invoices.service.js';
import { DirectoryService } from '../maestrano/directory.service.js';
import { BooksService } from './books.service.js';
import { html, type Html, page, PAGE_POLICY } from './html.js';

interface SeeOther {
  readonly url: string;
  readonly statusCode: 303;
}

const seeOther = (url: string): SeeOther => ({ url, statusCode: 303 });

/** Pages for people who are signed in. */
@ApiExcludeController()
@Controller('desk')
@UseGuards(MaestranoSessionGuard)
export class DeskController {
  constructor(
    private readonly books: BooksService,
    private readonly invoices: InvoicesService,
    private readonly directory: DirectoryService,
    private readonly billing: BillingService,
    private readonly sso: SsoService,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', PAGE_POLICY)
  async desk(
    @MaestranoSession() session: MaestranoSessionData,
    @Query('reminded') reminded?: string,
  ): Promise<string> {
    const { marketplace, groupUid, maskedUserUid } = session;
    const areRead = await this.books.ensureRead({ marketplace, groupUid });
    const invoices = this.invoices.of(marketplace, groupUid);
    const open = invoices.filter(({ balance }) => balance !== null && balance > 0);
    const company = this.directory.findCompany(marketplace, groupUid);
    const person = this.directory.findPerson(marketplace, maskedUserUid);
    return page(
      title(open.length),
      html`${reminded ? html`<p class="notice" role="status">A reminder of <strong>${reminded}</strong> is on its way.</p>` : ''}
        ${areRead ? '' : html`<p class="notice" role="status">Your books do not respond at the moment; here is what we know.</p>`}
        <h1>${title(open.length)}</h1>
        <p class="lead">${company?.name ?? groupUid}</p>
        <section class="card">
          <h2>Invoices</h2>
          ${invoices.length === 0 ? html`<p class="soft">Invoices that you write in your books appear here.</p>` : table(invoices)}
        </section>
        <p class="soft">A reminder costs 0.50 AUD, on the invoice of your marketplace.</p>`,
      html`<span
          >Signed in as <strong id="user">${person?.name ?? ''}</strong>
          <span class="soft">through ${marketplace}</span></span
        >
        <form method="post" action="/desk/sign-out"><button>Sign out</button></form>`,
    );
  }

  /** Once an invoice and day, however often the button is pressed: the key says so to the marketplace. */
  @Post('remind')
  @Redirect()
  async remind(
    @MaestranoSession() { marketplace, groupUid }: MaestranoSessionData,
    @Body() body: { readonly invoice?: unknown } | undefined,
  ): Promise<SeeOther> {
    const id = typeof body?.invoice === 'string' ? body.invoice : '';
    const invoice = this.invoices.find({ marketplace, groupUid }, id);
    if (!invoice) throw new NotFoundException();
    const today = new Date().toISOString().slice(0, 10);
    await this.billing.for(marketplace).bills.createOnce(`reminder-${groupUid}-${id}-${today}`, {
      groupId: groupUid,
      priceCents: 50,
      currency: 'AUD',
      description: `Payment reminder of ${today}`,
    });
    this.invoices.reminded({ marketplace, groupUid }, id);
    return seeOther(`/desk?reminded=${encodeURIComponent(invoice.code)}`);
  }

  /** Ends the session here, and sends the browser to the marketplace to end the one there. */
  @Post('sign-out')
  @Redirect()
  async signOut(@Req() request: unknown, @Res({ passthrough: true }) response: unknown): Promise<SeeOther> {
    return seeOther((await this.sso.signOut(request, response)) ?? '/');
  }
}

function title(open: number): string {
  if (open === 0) return 'Nobody owes you anything';
  return open === 1 ? '1 invoice waits to be paid' : `${open} invoices wait to be paid`;
}

function table(invoices: readonly Invoice[]): Html {
  const lines = invoices.map(({ id, code, balance, currency, remindedAt }) => {
    const isOpen = balance !== null && balance > 0;
    return html`<tr>
      <td>
        ${code}${remindedAt === null ? '' : html`<br /><span class="soft">reminded ${remindedAt.slice(0, 10)}</span>`}
      </td>
      <td class="num">
        ${isOpen ? `${balance.toFixed(2)} ${currency ?? ''}` : html`<span class="paid">Paid</span>`}
      </td>
      <td class="act">
        ${
          isOpen
            ? html`<form method="post" action="/desk/remind">
                <input type="hidden" name="invoice" value="${id}" /><button aria-label="Remind of ${code}">
                  Remind
                </button>
              </form>`
            : ''
        }
      </td>
    </tr>`;
  });
  return html`<table class="invoices">
    <caption class="hidden">
      Invoices
    </caption>
    <thead>
      <tr>
        <th scope="col">Invoice</th>
        <th scope="col" class="num">Open</th>
        <th scope="col" class="act"><span class="hidden">Actions</span></th>
      </tr>
    </thead>
    <tbody>
      ${lines}
    </tbody>
  </table>`;
}
