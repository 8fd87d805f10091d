import type { PagesOptions, PageTexts } from '../interfaces/pages-options.interface.js';
import { isLanguageTag } from '../views/language.js';
import { PERSON_TEXTS } from '../views/person-texts.js';
import { describeFound, type Rule, type SettingOf } from './option-reader.js';
import { type Complaint, group, namedGroups, type RulesFor, text } from './rules.js';

const PLACEHOLDERS = ['site', 'marketplace'];
const MAX_LENGTH = 1_000;

/** A rule for each text, as there are texts. */
const TEXTS = Object.fromEntries(
  Object.keys(PERSON_TEXTS).map((name) => [name, text(null, { check: noText })]),
) as { readonly [Name in keyof PageTexts]: Rule<string | null> };

const byLanguage = namedGroups(group(TEXTS));

/** The `pages` option. */
export const PAGES = group({
  texts: {
    takes: byLanguage.takes,
    read(found, place) {
      const texts = byLanguage.read(found, place, undefined, {});
      for (const tag of texts.keys()) {
        if (isLanguageTag(tag)) continue;
        const remedy = 'Write the languages as de or pt-BR.';
        place.report('It takes texts by language tag.', describeFound(tag, true), remedy);
      }
      return texts;
    },
  } satisfies typeof byLanguage,
  defaultLanguage: {
    takes: 'a language that there are texts of',
    read(found, place, base = 'en', siblings) {
      if (found === undefined) return base;
      const { texts } = siblings as { readonly texts: ReadonlyMap<string, unknown> };
      if (typeof found === 'string' && (found === 'en' || texts.has(found))) return found;
      const known = ['en', ...texts.keys()].join(', ');
      place.report(
        'It takes a language that there are texts of.',
        describeFound(found, true),
        `Give one of ${known}, or leave it out.`,
      );
      return base;
    },
  } satisfies Rule<string>,
} satisfies RulesFor<PagesOptions>);

/** The `pages` option, checked and complete. A text is null where a language leaves it out. */
export interface PagesSettings extends SettingOf<typeof PAGES> {}

function noText(written: string): Complaint | null {
  if (written.length > MAX_LENGTH) {
    return { message: `It takes up to ${MAX_LENGTH} characters.`, remedy: 'Shorten it.' };
  }
  const unknown = [...written.matchAll(/\{([^{}]*)\}/g)].find(
    ([, name = '']) => !PLACEHOLDERS.includes(name),
  );
  if (!unknown) return null;
  return {
    message: `Nothing is put in for ${unknown[0]}.`,
    remedy: `Take it out, or write ${PLACEHOLDERS.map((name) => `{${name}}`).join(' or ')}.`,
  };
}
