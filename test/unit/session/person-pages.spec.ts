import { describe, expect, it } from '@jest/globals';

import type { LoginDenial } from '../../../src/interfaces/sso-options.interface.js';
import type { PagesOptions } from '../../../src/interfaces/pages-options.interface.js';
import type { HttpExchange } from '../../../src/routing/http-exchange.js';
import { PersonPages } from '../../../src/session/person-pages.service.js';
import { deniedMessage } from '../../../src/sso/login/denied-page.js';
import { languageFor } from '../../../src/views/language.js';
import { MESSAGE_PAGE_POLICY, messagePage } from '../../../src/views/message-page.js';
import { PERSON_TEXTS } from '../../../src/views/person-texts.js';
import { errorOf } from '../../support/error-of.js';
import { settingsOf } from '../../support/settings.js';
import { registryOfNames } from './harness.js';

const DENIAL: LoginDenial = {
  code: 'sso.audience',
  traceCode: 'ABC-123',
  marketplace: 'uat',
  status: 403,
  restart: false,
  signInUrl: 'http://app.example.test/init',
  reason: null,
};
const MARKUP = `<img src=x onerror=alert(1)>"'&\u202E`;

function pageFor(
  denial: Partial<LoginDenial> = {},
  pages: PagesOptions = {},
  accepted: string | null = null,
) {
  const exchange = { header: () => accepted } as unknown as HttpExchange;
  const [marketplace] = registryOfNames(['uat']).list();
  const words = new PersonPages(settingsOf({ pages }).pages).wordsFor(exchange, marketplace!);
  return messagePage(deniedMessage({ ...DENIAL, ...denial }, 'https://uat.example.test/out', words));
}

describe('the pages for people who sign in', () => {
  it.each([
    ['sso.audience', {}, 'refusedTitle', 'refusedResponse'],
    ['sso.notYetValid', {}, 'refusedTitle', 'refusedClock'],
    ['sso.expired', { restart: true }, 'refusedTitle', 'refusedRestart'],
    ['sso.denied', {}, 'refusedTitle', 'refusedByApplication'],
    ['sso.disabled', {}, 'refusedTitle', 'refusedDisabled'],
    ['session.lost', { status: 401 }, 'notHeldTitle', 'notHeldText'],
    ['store.unavailable', { status: 503 }, 'unavailableTitle', 'unavailableText'],
  ] as const)('says of %s what happened and what to do', (code, more, title, text) => {
    const page = pageFor({ code, ...more });
    expect(page).toContain(`<h1>${PERSON_TEXTS[title]}</h1>`);
    expect(page).toContain(PERSON_TEXTS[text]);
    expect(page).toContain('ABC-123');
    expect(page).toMatch(/<html lang="en" dir="ltr">/);
    expect(page).not.toContain('audience');
  });

  it('has its style allowed by its digest, and nothing that is a script', () => {
    expect(MESSAGE_PAGE_POLICY).toMatch(/^default-src 'none'; style-src 'sha256-[^' ]+'; base-uri 'none'/);
    expect(pageFor({ code: 'session.lost' })).not.toMatch(/<script|\son\w+=|style="/);
  });

  it('shows what others wrote as what it is', () => {
    const page = pageFor({ reason: MARKUP, marketplace: MARKUP, traceCode: MARKUP, signInUrl: `/${MARKUP}` });
    expect(page).not.toContain('<img');
    expect(page).toContain('<bdi>&lt;img');
    const own = pageFor({}, { texts: { en: { refusedTitle: MARKUP } } });
    expect(own).not.toContain('<img');
  });

  it("speaks the reader's language, and says where it does not", () => {
    const pages: PagesOptions = {
      texts: {
        de: { refusedTitle: 'Sie sind nicht angemeldet', notHeldCookies: 'Cookies von {site} erlauben.' },
        ar: { refusedTitle: 'لم يتم تسجيل دخولك' },
        en: { refusedTitle: 'Not signed in to {marketplace}' },
      },
    };
    const german = pageFor({}, pages, 'de-AT,en;q=0.5');
    expect(german).toContain('<html lang="de" dir="ltr">');
    expect(german).toContain('<title>Sie sind nicht angemeldet</title>');
    expect(german).toContain(`<span lang="en" dir="ltr">${PERSON_TEXTS.signInAgain}</span>`);
    expect(pageFor({ code: 'session.lost' }, pages, 'de')).toContain(
      'Cookies von app.example.test erlauben.',
    );
    expect(pageFor({}, pages, 'ar')).toContain('<html lang="ar" dir="rtl">');
    expect(pageFor({}, pages, 'fr')).toContain('<h1>Not signed in to uat</h1>');
    expect(pageFor({}, { ...pages, defaultLanguage: 'de' }, 'fr')).toContain('<html lang="de"');
  });

  it.each([
    [null, 'en'],
    ['', 'en'],
    ['fr', 'en'],
    ['de', 'de'],
    ['DE-ch', 'de'],
    ['pt', 'pt-BR'],
    ['pt-PT', 'en'],
    ['en;q=0.2, de;q=0.9', 'de'],
    ['de;q=0', 'en'],
    ['*', 'en'],
    [';;,,q=;--', 'en'],
    [`${'x,'.repeat(5_000)}de`, 'en'],
  ])('takes for %j the language %s', (header, expected) => {
    expect(languageFor(header, ['en', 'de', 'pt-BR'], 'en')).toBe(expected);
  });

  it.each([
    [{ texts: { de: { refusedTitel: 'x' } } }, /pages\.texts\.de\.refusedTitel.*refusedTitle/s],
    [{ texts: { 'not a tag': {} } }, /pages\.texts.*language tag/s],
    [{ texts: { de: { notHeldCookies: 'von {seite}' } } }, /\{seite\}/],
    [{ texts: { de: { refusedTitle: 'x'.repeat(2_000) } } }, /1000 characters/],
    [{ defaultLanguage: 'de' }, /pages\.defaultLanguage/],
  ])('refuses %j at start', async (pages, message) => {
    const error = await errorOf(() => settingsOf({ pages: pages as PagesOptions }));
    expect(error.message).toMatch(message);
  });
});
