/** Longer headers say nothing of what a person reads. */
const MAX_HEADER = 500;
/** Scripts that are written from right to left. */
const RIGHT_TO_LEFT: ReadonlySet<string> = new Set([
  'Adlm',
  'Arab',
  'Hebr',
  'Mand',
  'Nkoo',
  'Rohg',
  'Samr',
  'Syrc',
  'Thaa',
]);

/** Whether a text is a language tag (BCP 47), such as `de` or `pt-BR`. */
export function isLanguageTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}

/** Which way a language is written. */
export function directionOf(tag: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(new Intl.Locale(tag).maximize().script ?? '') ? 'rtl' : 'ltr';
}

/**
 * The language of a page (RFC 9110 §12.5.4): of those that there are, the one that the browser likes best. `de-AT` is
 * content with `de`, and `pt` with `pt-BR`.
 *
 * @param header `Accept-Language`, as it came.
 * @param available tags; at least one.
 * @param byDefault where it names none of them.
 */
export function languageFor(header: string | null, available: readonly string[], byDefault: string): string {
  const wanted = (header ?? '')
    .slice(0, MAX_HEADER)
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim());
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { tag: tag.toLowerCase(), weight: weight === undefined ? 1 : Number(weight) || 0 };
    })
    .filter(({ tag, weight }) => tag !== '' && weight > 0)
    .sort((a, b) => b.weight - a.weight);
  for (const { tag } of wanted) {
    if (tag === '*') return byDefault;
    const found = closest(tag, available);
    if (found !== undefined) return found;
  }
  return byDefault;
}

function closest(tag: string, available: readonly string[]): string | undefined {
  for (let shorter = tag; shorter !== ''; shorter = shorter.slice(0, Math.max(0, shorter.lastIndexOf('-')))) {
    const found = available.find((one) => one.toLowerCase() === shorter);
    if (found !== undefined) return found;
  }
  return available.find((one) => one.toLowerCase().startsWith(`${tag}-`));
}
