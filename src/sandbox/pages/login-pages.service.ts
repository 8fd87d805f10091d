import { Injectable } from '@nestjs/common';

import type { LoginOutcome } from '../idp/identity-provider.service.js';
import type { SandboxUserRecord } from '../state/records.js';
import type { AssertionVariant } from '../workshop/assertion-variant.js';
import { html, type Html } from '../../views/html.js';
import { sandboxPage } from './sandbox-page.js';

type Outcome<Kind extends LoginOutcome['kind']> = Extract<LoginOutcome, { kind: Kind }>;

function page(title: string, body: Html, lead?: string): string {
  return sandboxPage({ title, body, ...(lead ? { lead } : {}) });
}

/** Adds a parameter to the address a person is at. */
function withParameter(url: string, name: string, value: string): string {
  return `${url}&${name}=${encodeURIComponent(value)}`;
}

/** The pages of a login: plain markup that works without script. */
@Injectable()
export class LoginPages {
  /** Who signs in? */
  chooseUser(marketplace: string, users: readonly SandboxUserRecord[], url: string): string {
    return page(
      'Sign in as',
      html`<ul class="cards">
          ${users.map(
            (user) =>
              html`<li>
                <a class="card" href="${withParameter(url, 'user_uid', user.uid)}">
                  <strong>${user.name} ${user.surname}</strong><br />
                  <span class="muted">${user.email}<br />${user.uid}</span>
                </a>
              </li>`,
          )}
        </ul>
        <p>
          <a href="${withParameter(url, 'send', 'ask')}">Choose what to send</a>: a valid response, or one
          with a defect.
        </p>`,
      `${marketplace} asks who you are. Nobody here has a password.`,
    );
  }

  /** For which company? */
  chooseGroup(outcome: Pick<Outcome<'choose-group'>, 'user' | 'groups'>, url: string): string {
    return page(
      `Which company, ${outcome.user.name}?`,
      html`<ul class="cards">
        ${outcome.groups.map(
          (group) =>
            html`<li>
              <a class="card" href="${withParameter(url, 'group_id', group.uid)}">
                <strong>${group.name}</strong><br />
                <span class="muted">${group.uid} · ${group.city ?? ''} ${group.country ?? ''}</span>
              </a>
            </li>`,
        )}
      </ul>`,
    );
  }

  /** A valid response, or one with exactly one thing wrong? */
  chooseResponse(variants: readonly AssertionVariant[], url: string): string {
    const once = variants.filter(({ times }) => times === undefined);
    return page(
      'What shall be sent?',
      html`<ul class="cards">
        ${once.map(
          ({ name, title }) =>
            html`<li>
              <a class="card" href="${withParameter(url, 'send', name)}">
                <strong>${title}</strong><br />
                <span class="muted">${name}</span>
              </a>
            </li>`,
        )}
      </ul>`,
      'Your application must accept the first and reject every other one.',
    );
  }

  /** The person belongs to no company that has the application. */
  denied(outcome: Outcome<'denied'>): string {
    return page(
      'Access denied',
      html`<p>${outcome.user.name} ${outcome.user.surname} belongs to no company.</p>`,
    );
  }

  /** The request cannot be fulfilled. */
  rejected(outcome: Outcome<'rejected'>): string {
    return outcome.message;
  }

  /** A response on its way: a form that posts itself, with a button for browsers without script. */
  postForm(action: string, fields: Readonly<Record<string, string>>): string {
    return html`<!DOCTYPE html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <title>Signing in</title>
        </head>
        <body onload="document.forms[0].submit();">
          <form action="${action}" accept-charset="UTF-8" method="post">
            ${Object.entries(fields).map(
              ([name, value]) => html`<input type="hidden" name="${name}" id="${name}" value="${value}" />`,
            )}
            <noscript><button type="submit">Continue</button></noscript>
          </form>
        </body>
      </html>`.text;
  }

  /** Where an application sends people who signed out. */
  signedOut(): string {
    return page('Signed out', html`<p>You have signed out of the application.</p>`);
  }

  /** Where an application sends people it rejects. */
  unauthorized(reason: string | null): string {
    const detail = reason === 'internal' ? html`<p>The application met an internal error.</p>` : '';
    return page(
      'Access rejected',
      html`<p>The application rejected access.</p>
        ${detail}`,
    );
  }
}
