import { Inject, Injectable } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { PageTexts } from '../interfaces/pages-options.interface.js';
import type { HttpExchange } from '../routing/http-exchange.js';
import type { PagesSettings } from '../settings/pages-rule.js';
import { PAGES_SETTINGS } from '../settings/settings.providers.js';
import { html, type HtmlValue } from '../views/html.js';
import { languageFor } from '../views/language.js';
import { type Message, MESSAGE_PAGE_POLICY, messagePage } from '../views/message-page.js';
import { PERSON_TEXTS } from '../views/person-texts.js';

/** The texts for one request. */
export interface PersonWords {
  /** Language tag that was chosen. */
  readonly language: string;
  /** A text, ready for a page. */
  readonly say: (name: keyof PageTexts) => HtmlValue;
}

/** Our own texts. */
export const ENGLISH: PersonWords = { language: 'en', say: (name) => PERSON_TEXTS[name] };

/** The pages for people who sign in, in the language that they read. */
@Injectable()
export class PersonPages {
  readonly #languages: readonly string[];

  constructor(@Inject(PAGES_SETTINGS) private readonly settings: PagesSettings) {
    this.#languages = [...new Set(['en', ...settings.texts.keys()])];
  }

  /**
   * Language and texts for whoever asks.
   *
   * @param marketplace null where it is not known.
   */
  wordsFor(exchange: HttpExchange, marketplace: Marketplace | null): PersonWords {
    const { texts, defaultLanguage } = this.settings;
    const language = languageFor(exchange.header('accept-language'), this.#languages, defaultLanguage);
    const values = new Map([
      ['{site}', marketplace ? new URL(marketplace.app.host).host : (exchange.header('host') ?? '')],
      ['{marketplace}', marketplace?.name ?? ''],
    ]);
    const say = (name: keyof PageTexts): HtmlValue => {
      const own = texts.get(language)?.[name] ?? null;
      const text = own ?? texts.get('en')?.[name] ?? PERSON_TEXTS[name];
      const said = text.replaceAll(/\{\w+\}/g, (placeholder) => values.get(placeholder) ?? placeholder);
      return own !== null || language === 'en' ? said : html`<span lang="en" dir="ltr">${said}</span>`;
    };
    return { language, say };
  }

  send(exchange: HttpExchange, status: number, message: Message): void {
    exchange.setHeader('Content-Security-Policy', MESSAGE_PAGE_POLICY);
    exchange.html(status, messagePage(message));
  }
}
