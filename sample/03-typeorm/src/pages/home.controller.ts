import { Body, Controller, Get, Header, Post, Query, Redirect, Req } from '@nestjs/common';
import { MarketplaceRegistry, SsoService } from 'nestjs-maestrano';

import { AccountsService } from '../accounts/accounts.service.js';
import { signInTo } from '../auth/passport.js';
import { html } from './html.js';
import { page, STYLE } from './page.js';

type Fields = Readonly<Record<string, unknown>>;

export interface SeeOther {
  readonly url: string;
  readonly statusCode: 303;
}

export const seeOther = (url: string): SeeOther => ({ url, statusCode: 303 });

/** A field of a form; empty where it is missing or too long. */
export function field(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' && value.length <= 200 ? value.trim() : '';
}

const NOTICES: Readonly<Record<string, string>> = {
  password: 'Address and password do not belong together.',
  taken: 'There is an account with this address already. Sign in with its password.',
  fields: 'All fields are needed, and a password of at least ten characters.',
};

/** What everybody sees, and the login of our own accounts. */
@Controller()
export class HomeController {
  constructor(
    private readonly marketplaces: MarketplaceRegistry,
    private readonly sso: SsoService,
    private readonly accounts: AccountsService,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  home(@Query('problem') problem?: string): string {
    const links = this.marketplaces.list().map(({ name }) => {
      const href = this.sso.initUrl(name, { returnTo: '/hours' });
      return html`<a class="button" href="${href}">Sign in with ${name}</a>`;
    });
    const notice = NOTICES[problem ?? ''];
    return page(
      'Every hour, on the right bill',
      html`${notice ? html`<p class="notice warn" role="alert">${notice}</p>` : html``}
        <div class="hero">
          <h1>Every hour, on the right bill.</h1>
          <p class="lead">
            Timesheets for workshops and small offices. Customers come from the software you have already.
          </p>
        </div>
        <div class="doors">
          <section class="card">
            <h2>From a marketplace</h2>
            <p>No password to remember: sign in where your company subscribed.</p>
            ${links}
          </section>
          <form class="card" method="post" action="/sign-in">
            <h2>With a password</h2>
            <label>E-mail <input name="email" type="email" autocomplete="username" required /></label>
            <label
              >Password <input name="password" type="password" autocomplete="current-password" required
            /></label>
            <button>Sign in</button>
          </form>
          <form class="card" method="post" action="/sign-up">
            <h2>New here</h2>
            <label>Company <input name="company" autocomplete="organization" required /></label>
            <label>Your name <input name="name" autocomplete="name" required /></label>
            <label>E-mail <input name="email" type="email" autocomplete="email" required /></label>
            <label
              >Password
              <input name="password" type="password" autocomplete="new-password" minlength="10" required
            /></label>
            <button class="plain">Make an account</button>
          </form>
        </div>`,
    );
  }

  @Get('style.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  @Header('Cache-Control', 'max-age=3600')
  style(): string {
    return STYLE;
  }

  @Post('sign-in')
  @Redirect()
  async signIn(@Req() request: unknown, @Body() fields: Fields): Promise<SeeOther> {
    const user = await this.accounts.byPassword(field(fields, 'email'), field(fields, 'password'));
    if (!user) return seeOther('/?problem=password');
    await signInTo(request, user);
    return seeOther('/hours');
  }

  @Post('sign-up')
  @Redirect()
  async signUp(@Req() request: unknown, @Body() fields: Fields): Promise<SeeOther> {
    const [company, name, email, password] = ['company', 'name', 'email', 'password'].map((one) =>
      field(fields, one),
    ) as [string, string, string, string];
    if (!company || !name || !email.includes('@') || password.length < 10)
      return seeOther('/?problem=fields');
    const user = await this.accounts.signUp({ company, name, email, password });
    if (!user) return seeOther('/?problem=taken');
    await signInTo(request, user);
    return seeOther('/hours');
  }
}
