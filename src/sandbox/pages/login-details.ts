import { Injectable } from '@nestjs/common';

import { LOGIN_ERROR_CODES } from '../../errors/sso-error-codes.js';
import { at, count } from '../../views/format.js';
import { html, type Html } from '../../views/html.js';
import { code, id, json, keyValues, pill, tabs } from '../../views/parts.js';
import type { SandboxExchange } from '../http/exchange.js';
import { readableResponse } from '../idp/readable-response.js';
import { LoginLog, type LoginRecord, type LoginResponse, loginState } from '../login/login-log.js';
import { SandboxState } from '../state/sandbox-state.js';
import { loginLook } from './login-look.js';
import { PageToken } from './page-token.js';
import { narrowed } from './paging.js';
import { rejectionChecks } from './rejection-checks.js';
import { SandboxPages } from './sandbox-pages.js';

type Address = Pick<SandboxExchange, 'path' | 'query'>;

/** One login opened: what came of it, what to do, and of what was sent and responded what the address asks for. */
@Injectable()
export class LoginDetails {
  constructor(
    private readonly state: SandboxState,
    private readonly log: LoginLog,
    private readonly pages: SandboxPages,
    private readonly token: PageToken,
  ) {}

  /** The login as an article, on the page of an address. */
  of(login: LoginRecord, exchange: Address): Html {
    const { marketplace, user, group, sent, response, checkedAt } = login;
    const { tone, word } = loginLook(login);
    const rejection = response?.code
      ? (LOGIN_ERROR_CODES as Readonly<Record<string, { meaning: string; remedy?: string }>>)[response.code]
      : undefined;
    const known = this.state.user(marketplace, user);
    return html`<article class="card ${tone === 'bad' ? 'bad' : ''}">
      <header>
        <h2><bdi>${this.pages.person(marketplace, user)}</bdi></h2>
        ${pill(tone, word)}
      </header>
      <p>${explanation(login)}</p>
      ${
        response?.code
          ? html`<div class="card warn">
              <h3>What to do</h3>
              <p>
                ${
                  rejection
                    ? html`Not passed: <b>${rejection.meaning}</b>. ${rejection.remedy ?? ''}`
                    : 'Look the code up in the documents of your application.'
                }
                <code>${response.code}</code>
              </p>
            </div>`
          : ''
      }
      ${keyValues([
        ['Person', html`<bdi>${this.pages.person(marketplace, user)}</bdi> ${id(user)}`],
        ['Company', html`${this.pages.company(marketplace, group)} ${id(group)}`],
        ['Marketplace', `${marketplace}, ${login.protocol === 'saml' ? 'SAML' : 'OpenID'}`],
        [
          'Sent',
          sent === 'valid' ? 'A valid response' : html`A response with a defect: <code>${sent}</code>`,
        ],
        ...(response?.trace
          ? [['Support code', code('trace', 'Support code', response.trace)] as const]
          : []),
        ['When', at(login.at)],
        ...(checkedAt ? [['Session asked', at(checkedAt)] as const] : []),
      ])}
      ${
        known
          ? html`<div class="actions">
              ${this.token.action('/logins/attempt', 'The same again', { marketplace, user, group, send: sent })}
            </div>`
          : ''
      }
      ${this.#parts(login, exchange)}
    </article>`;
  }

  /** What came back, what was sent, and the way there: what the address asks for. */
  #parts(login: LoginRecord, exchange: Address): Html {
    const { response } = login;
    const posted = this.log.postedResponse(login.id);
    const parts = [
      ...(response ? [['response', 'What it responded'] as const] : []),
      ...(posted === null ? [] : [['assertion', 'What was sent'] as const]),
      ...(response ? [['way', `The way, ${count(response.steps.length, 'request')}`] as const] : []),
    ];
    const [part] = parts.find(([name]) => name === exchange.query.get('part')) ?? parts[0] ?? [];
    const links = parts.map(([name, title]) => {
      const href = narrowed(exchange, { open: login.id, part: name === parts[0]?.[0] ? null : name });
      return [title, href, name === part] as const;
    });
    return html`${links.length > 0 ? tabs('Parts of this login', links) : ''}
    ${part === 'assertion' && posted !== null ? sentResponse(posted) : ''}
    ${part === 'response' && response ? receivedResponse(response) : ''}
    ${
      part === 'way' && response
        ? code(
            'steps',
            'Requests',
            response.steps
              .map((step) => `${step.status} ${step.method} ${step.url.split('?')[0] ?? ''}`)
              .join('\n'),
          )
        : ''
    }`;
  }
}

/** What the application was posted, readable. */
function sentResponse(posted: string): Html {
  return html`<p class="small soft">
      Decoded; the session token is left out, signatures and certificates are shortened.
    </p>
    ${code('assertion', 'SAML response', readableResponse(posted))}`;
}

/** What the application responded, with the checks up to the one that failed. */
function receivedResponse({ status, location, body, code: rejection }: LoginResponse): Html {
  return html`${rejection ? rejectionChecks(rejection) : ''}
  ${code('response-head', 'Response', `${status}${location ? `\nlocation: ${location}` : ''}`)}
  ${
    body
      ? html`<details>
          <summary>Body</summary>
          ${json('response-body', 'Body of the response', body)}
        </details>`
      : ''
  }`;
}

/** What happened, in a sentence. */
function explanation(login: LoginRecord): Html | string {
  const { sent, response } = login;
  const state = loginState(login);
  if (sent !== 'valid')
    return state === 'accepted'
      ? html`Your application <b>accepted</b> a response that it must reject.`
      : state === 'rejected'
        ? 'Your application rejected the response, as it should.'
        : 'The response with a defect went to your application; the sandbox does not see what a browser is shown.';
  if (state === 'rejected')
    return html`Your application <b>rejected</b> a valid response with ${response?.status ?? ''}.`;
  if (state === 'accepted')
    return response
      ? 'Your application let the person in.'
      : 'Your application let the person in: it has asked for the session since.';
  return 'A valid response went to your application through a browser. What it decided shows here once it asks for the session; “The same again” shows it at once.';
}
