import { isRecord } from '../../utils/values.js';
import { describeFound, type Place, type Rule } from '../../settings/option-reader.js';
import { exactOrNull, PRICE_PLACES, QUANTITY_PLACES } from '../exact/exact-decimal.js';
import type { StoredPrice } from '../rating/price-table.js';

const DECIMAL = "Write decimal text, such as '0.075': numbers with a fraction are not exact.";

const MODELS: Readonly<Record<string, readonly string[]>> = {
  unit: ['unit', 'included'],
  package: ['size', 'each', 'included'],
  graduated: ['tiers'],
  volume: ['tiers'],
};

const COMMON = ['model', 'from', 'minimum', 'minimumWhen', 'cap'];

/** Prices by currency. Reports what is not rising, bounded at the end, or no decimal (usage §8, `usage.tiers`). */
export const pricesByCurrency: Rule<ReadonlyMap<string, readonly StoredPrice[]>> = {
  takes: 'prices by currency',
  read(found, place) {
    const read = new Map<string, readonly StoredPrice[]>();
    if (!isRecord(found) || Object.keys(found).length === 0) {
      const remedy = "Write { AUD: [{ model: 'unit', unit: '0.075' }] }.";
      place.report('It takes prices by currency.', describeFound(found, false), remedy);
      return read;
    }
    for (const [currency, list] of Object.entries(found)) {
      const at = place.at(currency, null);
      if (!/^[A-Z]{3}$/.test(currency)) at.report('It is no currency.', null, 'Write three letters, as AUD.');
      if (!Array.isArray(list) || list.length === 0) {
        at.report('It takes a list of prices.', describeFound(list, false), 'Give at least one price.');
        continue;
      }
      read.set(currency, pricesOf(list, at));
    }
    return read;
  },
};

function pricesOf(list: readonly unknown[], place: Place): readonly StoredPrice[] {
  const read = list.flatMap((given, index) => priceOf(given, index, place.entry(index)) ?? []);
  read.forEach(({ from }, index) => {
    const before = read[index - 1];
    if (index === 0 || from === null || !before || (before.from ?? -Infinity) < from) return;
    place
      .entry(index)
      .at('from', null)
      .report('It is not after the price before.', null, 'Order them by time.');
  });
  return read;
}

function priceOf(given: unknown, index: number, place: Place): StoredPrice | null {
  const model = isRecord(given) ? given['model'] : undefined;
  const own = typeof model === 'string' ? MODELS[model] : undefined;
  if (!isRecord(given) || own === undefined) {
    const remedy = "Write model: 'unit', 'package', 'graduated' or 'volume'.";
    place.report('It takes a price of a known model.', describeFound(model ?? given, true), remedy);
    return null;
  }
  for (const name of Object.keys(given)) {
    if ([...COMMON, ...own].includes(name)) continue;
    place.at(name, null).report(`A price of this model has no ${name}.`, null, `It has ${own.join(', ')}.`);
  }
  for (const name of ['minimum', 'cap']) checkDecimal(given[name], PRICE_PLACES, place.at(name, null), false);
  if (own.includes('unit')) checkDecimal(given['unit'], PRICE_PLACES, place.at('unit', null), true);
  if (own.includes('each')) checkDecimal(given['each'], PRICE_PLACES, place.at('each', null), true);
  if (own.includes('included'))
    checkDecimal(given['included'], QUANTITY_PLACES, place.at('included', null), false);
  if (own.includes('size')) checkSize(given['size'], place.at('size', null));
  if (own.includes('tiers')) checkTiers(given['tiers'], place.at('tiers', null));
  if (!['used', 'always', undefined].includes(given['minimumWhen'] as string | undefined)) {
    place.at('minimumWhen', null).report("It takes 'used' or 'always'.", null, "Leave it out for 'used'.");
  }
  return {
    ...(given as unknown as StoredPrice),
    from: momentOf(given['from'], index, place.at('from', null)),
  };
}

function momentOf(from: unknown, index: number, place: Place): number | null {
  if (index === 0 && from === undefined) return null;
  if (from instanceof Date && !Number.isNaN(from.getTime())) return from.getTime();
  place.report(
    index === 0 ? 'It takes a valid Date.' : 'Every price but the first says since when it holds.',
    describeFound(from, true),
    "Write from: new Date('2026-10-01T00:00:00Z').",
  );
  return null;
}

/** The value, when it is there and usable. */
function checkDecimal(found: unknown, places: number, place: Place, required: boolean): bigint | null {
  if (found === undefined && !required) return null;
  const value = typeof found === 'string' ? exactOrNull(found, places) : null;
  if (value !== null && value >= 0n) return value;
  place.report(
    `It takes a decimal from 0 up with at most ${places} places.`,
    describeFound(found, true),
    DECIMAL,
  );
  return null;
}

function checkSize(found: unknown, place: Place): void {
  if (checkDecimal(found, QUANTITY_PLACES, place, true) !== 0n) return;
  place.report('A package holds something.', describeFound(found, true), "Write size: '1000'.");
}

function checkTiers(found: unknown, place: Place): void {
  if (!Array.isArray(found) || found.length === 0) {
    place.report('It takes a list of tiers.', describeFound(found, false), "Write [{ unit: '0.10' }].");
    return;
  }
  let before = 0n;
  found.forEach((tier: unknown, index) => {
    const at = place.entry(index);
    if (!isRecord(tier))
      return at.report('It takes a tier.', describeFound(tier, true), "Write { unit: '0.10' }.");
    for (const name of Object.keys(tier)) {
      if (['upTo', 'unit', 'flat'].includes(name)) continue;
      at.at(name, null).report('A tier has no such name.', null, 'It has upTo, unit and flat.');
    }
    checkDecimal(tier['unit'], PRICE_PLACES, at.at('unit', null), false);
    checkDecimal(tier['flat'], PRICE_PLACES, at.at('flat', null), false);
    const isLast = index === found.length - 1;
    if (isLast !== (tier['upTo'] === undefined)) {
      const what = isLast ? 'The last tier has no end.' : 'Every tier but the last has an end.';
      return at
        .at('upTo', null)
        .report(what, describeFound(tier['upTo'], true), 'Leave out upTo in the last tier alone.');
    }
    if (isLast) return undefined;
    const top = checkDecimal(tier['upTo'], QUANTITY_PLACES, at.at('upTo', null), true);
    if (top !== null && top <= before) {
      at.at('upTo', null).report(
        'It is not above the tier before.',
        describeFound(tier['upTo'], true),
        'Order them.',
      );
    }
    before = top ?? before;
    return undefined;
  });
}
