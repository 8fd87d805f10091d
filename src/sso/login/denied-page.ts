import type { PageTexts } from '../../interfaces/pages-options.interface.js';
import type { LoginDenial } from '../../interfaces/sso-options.interface.js';
import type { PersonWords } from '../../session/person-pages.service.js';
import { exactTime } from '../../views/format.js';
import { html, type Html } from '../../views/html.js';
import type { Message } from '../../views/message-page.js';

/**
 * The page for a person who could not sign in: what to do next, and the short code for whoever helps. Works without
 * scripts. Says nothing of the checks, which would help an attacker more than the person.
 */
export function deniedMessage(denial: LoginDenial, marketplaceUrl: string, words: PersonWords): Message {
  const { code, traceCode, signInUrl, status } = denial;
  const { language, say } = words;
  const isLost = code === 'session.lost';
  const [title, again] = isLost
    ? (['notHeldTitle', 'tryAgain'] as const)
    : status === 503
      ? (['unavailableTitle', 'tryAgain'] as const)
      : (['refusedTitle', 'signInAgain'] as const);
  return {
    language,
    glyph: isLost ? 'key' : status === 503 ? 'info' : 'warn',
    title: say(title),
    text: denial.reason === null ? say(explanation(denial)) : html`<bdi>${denial.reason}</bdi>`,
    body: isLost ? whatHelps(denial, words) : '',
    actions: [
      [say(again), signInUrl],
      [say('backToMarketplace'), marketplaceUrl],
    ],
    support: traceCode === null ? [say('reason'), code] : [say('supportCode'), traceCode],
    details: html`<details>
        <summary>${say('forSupport')}</summary>
        <dl>
          <dt>${say('marketplace')}</dt>
          <dd><bdi>${denial.marketplace}</bdi></dd>
          <dt>${say('time')}</dt>
          <dd>${exactTime(new Date().toISOString())}</dd>
        </dl>
      </details>
      ${isLost ? causes(words) : ''}`,
  };
}

function explanation({ code, restart, status }: LoginDenial): keyof PageTexts {
  if (status === 502) return 'refusedProvider';
  if (status === 503) return 'unavailableText';
  if (code === 'session.lost') return 'notHeldText';
  if (code === 'sso.denied') return 'refusedByApplication';
  if (code === 'sso.disabled') return 'refusedDisabled';
  if (code === 'sso.notYetValid') return 'refusedClock';
  return restart ? 'refusedRestart' : 'refusedResponse';
}

function whatHelps({ signInUrl }: LoginDenial, { say }: PersonWords): Html {
  return html`<h2>${say('notHeldHelp')}</h2>
    <ol>
      <li>
        ${say('notHeldFrame')}
        <a href="${signInUrl}" target="_blank" rel="noopener">${say('notHeldOpen')}</a>
      </li>
      <li>${say('notHeldCookies')}</li>
      <li>${say('notHeldPrivate')}</li>
    </ol>`;
}

function causes({ say }: PersonWords): Html {
  return html`<details>
    <summary>${say('notHeldDevelopers')}</summary>
    <p class="small">${say('notHeldCauses')}</p>
  </details>`;
}
