import { Injectable } from '@nestjs/common';

import { SandboxError } from '../../errors/sandbox.error.js';
import { count } from '../../views/format.js';
import { filters } from '../../views/form.js';
import { html, type Html } from '../../views/html.js';
import { pager } from '../../views/parts.js';
import { webAddress } from '../../views/web-address.js';
import { assetPath } from '../../views/assets.js';
import type { SandboxExchange } from '../http/exchange.js';
import type { LoginOutcome } from '../idp/identity-provider.service.js';
import type { SandboxUserRecord } from '../state/records.js';
import type { AssertionVariant } from '../workshop/assertion-variant.js';
import { SandboxPages } from './sandbox-pages.js';

type Outcome<Kind extends LoginOutcome['kind']> = Extract<LoginOutcome, { kind: Kind }>;

/** People or companies to choose from at once; more are searched. */
const SHOWN = 48;

/** Adds a choice to the address a person is at; the search that led to it is done. */
function withParameter(url: string, name: string, value: string): string {
  return `${url.replace(/&q=[^&]*/, '')}&${name}=${encodeURIComponent(value)}`;
}

/** One thing to choose. */
interface Choice {
  readonly href: string;
  readonly title: string;
  readonly notes: readonly string[];
}

/** The pages of a login: plain markup that works without script. */
@Injectable()
export class LoginPages {
  constructor(private readonly pages: SandboxPages) {}

  /** Who signs in? */
  chooseUser(marketplace: string, users: readonly SandboxUserRecord[], exchange: SandboxExchange): string {
    const choices = users.map(({ uid, name, surname, email }) => ({
      href: withParameter(exchange.url, 'user_uid', uid),
      title: `${name} ${surname}`,
      notes: [email, uid],
    }));
    const asked = exchange.query.getAll('send').at(-1) === 'ask';
    return this.pages.render(exchange, {
      title: 'Sign in as',
      lead: `${marketplace} asks who you are. Nobody here has a password.`,
      body: html`${this.#choices(exchange, choices, 'Person, address or id')}
        <p>
          ${
            asked
              ? 'Then you choose what is sent: a valid response, or one with a defect.'
              : html`<a href="${withParameter(exchange.url, 'send', 'ask')}">Choose what to send</a>: a valid
                  response, or one with a defect.`
          }
        </p>`,
    });
  }

  /** For which company? */
  chooseGroup(outcome: Pick<Outcome<'choose-group'>, 'user' | 'groups'>, exchange: SandboxExchange): string {
    const choices = outcome.groups.map(({ uid, name, city, country }) => ({
      href: withParameter(exchange.url, 'group_id', uid),
      title: name,
      notes: [[uid, city, country].filter(Boolean).join(' · ')],
    }));
    return this.pages.render(exchange, {
      title: `Which company, ${outcome.user.name}?`,
      body: this.#choices(exchange, choices, 'Company or id'),
    });
  }

  /** A valid response, or one with exactly one thing wrong? */
  chooseResponse(variants: readonly AssertionVariant[], exchange: SandboxExchange): string {
    const choices = variants
      .filter(({ times }) => times === undefined)
      .map(({ name, title }) => ({ href: withParameter(exchange.url, 'send', name), title, notes: [name] }));
    return this.pages.render(exchange, {
      title: 'What shall be sent?',
      lead: 'Your application must accept the first and reject every other one.',
      body: this.#choices(exchange, choices, 'Defect', choices.length),
    });
  }

  /** The person belongs to no company that has the application. */
  denied(outcome: Outcome<'denied'>, exchange: SandboxExchange): string {
    const { name, surname } = outcome.user;
    return this.pages.render(exchange, {
      title: 'Access denied',
      body: html`<p>${name} ${surname} belongs to no company. <a href="/companies">Add them to one</a>.</p>`,
    });
  }

  /** The request cannot be fulfilled. */
  rejected(outcome: Outcome<'rejected'>, exchange: SandboxExchange): string {
    return this.pages.render(exchange, {
      title: 'The login request cannot be read',
      body: html`<div class="card bad">
        <p>${outcome.message}</p>
        <p class="actions">
          <a class="button" href="/marketplaces">What the marketplace knows of your application</a>
        </p>
      </div>`,
    });
  }

  /**
   * A response on its way: a form that posts itself, with a button for browsers without script.
   *
   * @throws SandboxError `sandbox.address` when it would go to anything but http or https
   */
  postForm(action: string, fields: Readonly<Record<string, string>>): string {
    if (webAddress(action) === null)
      throw new SandboxError('sandbox.address', {
        message: 'A response is posted to http and https only.',
        remedy: 'Check the consume path of the marketplace.',
      });
    return html`<!DOCTYPE html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>Signing in</title>
          <link rel="stylesheet" href="${assetPath('pages.css')}" />
          <script src="${assetPath('pages.js')}" defer></script>
        </head>
        <body class="alone">
          <main>
            <h1>Signing in</h1>
            <form data-submit action="${action}" accept-charset="UTF-8" method="post">
              ${Object.entries(fields).map(
                ([name, value]) => html`<input type="hidden" name="${name}" id="${name}" value="${value}" />`,
              )}
              <button class="primary" type="submit">Continue to the application</button>
            </form>
          </main>
        </body>
      </html>`.text;
  }

  /** Where an application sends people who signed out. */
  signedOut(exchange: SandboxExchange): string {
    return this.pages.render(exchange, {
      title: 'Signed out',
      body: html`<p>You have signed out of the application.</p>`,
    });
  }

  /** Where an application sends people it rejects. */
  unauthorized(reason: string | null, exchange: SandboxExchange): string {
    const detail = reason === 'internal' ? html`<p>The application met an internal error.</p>` : '';
    return this.pages.render(exchange, {
      title: 'Access rejected',
      body: html`<p>The application rejected access.</p>
        ${detail}`,
    });
  }

  #choices(exchange: SandboxExchange, choices: readonly Choice[], label: string, shown = SHOWN): Html {
    const text = exchange.query.getAll('q').at(-1) ?? '';
    const wanted = text.toLowerCase();
    const fitting = choices.filter(
      ({ title, notes }) => !wanted || [title, ...notes].some((one) => one.toLowerCase().includes(wanted)),
    );
    const keep = Object.fromEntries([...exchange.query].filter(([name]) => name !== 'q'));
    return html`${
        choices.length > shown || text
          ? filters(exchange.path, { label, hint: 'Part of it', value: text }, html``, keep)
          : ''
      }
      <ul class="people">
        ${fitting.slice(0, shown).map(
          ({ href, title, notes }) =>
            html`<li>
              <a class="card" href="${href}"
                ><b><bdi>${title}</bdi></b
                >${notes.map((note) => html`<br /><span class="small soft">${note}</span>`)}</a
              >
            </li>`,
        )}
      </ul>
      ${
        fitting.length === 0
          ? html`<p>Nothing matches. Search for something else.</p>`
          : fitting.length > shown
            ? pager(
                `${shown} of ${count(fitting.length, 'match', 'matches')} shown: search for the others`,
                null,
                null,
              )
            : ''
      }`;
  }
}
