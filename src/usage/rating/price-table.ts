import { ONE, parseAmount, parseExact, PRICE_PLACES, QUANTITY_PLACES } from '../exact/exact-decimal.js';

/** One tier: everything up to a quantity. */
export interface UsageTier {
  /** The last unit of the tier, inclusive; the last tier has none. Decimal text. */
  readonly upTo?: string;
  /** Price of a unit in the currency's main unit, `0.075`; 0 by default. */
  readonly unit?: string;
  /** Charged once when at least a fraction of a unit is in the tier; nothing by default. */
  readonly flat?: string;
}

/** How a quantity is priced: decimal texts in the currency's main unit, at most 12 places. */
export type UsagePriceModel =
  | {
      readonly model: 'unit';
      readonly unit: string;
      /** Units of each period that cost nothing. */
      readonly included?: string;
    }
  | {
      readonly model: 'package';
      /** Units of a package; begun ones count. */
      readonly size: string;
      readonly each: string;
      readonly included?: string;
    }
  | {
      /** `graduated`: each tier prices the units within it. `volume`: the tier of the whole quantity prices all of it. */
      readonly model: 'graduated' | 'volume';
      readonly tiers: readonly UsageTier[];
    };

/** A price from a moment on (usage §3.3). */
export type UsagePrice = UsagePriceModel & {
  /** Since when; the first price has none. Prices are only ever added. */
  readonly from?: Date;
  /** What a period costs at least, in the main unit; prorated where a period is cut short. */
  readonly minimum?: string;
  /** `used` by default: only periods with usage. */
  readonly minimumWhen?: 'used' | 'always';
  /** What a period costs at most, in the main unit; prorated likewise. */
  readonly cap?: string;
};

/** {@link UsagePrice} as it is kept with a sealed period: with its moment in milliseconds. */
export type StoredPrice = Omit<UsagePrice, 'from'> & UsagePriceModel & { readonly from: number | null };

/** Places as in {@link QUANTITY_PLACES} and {@link PRICE_PLACES}. */
export interface Tier {
  /** Null in the last tier. */
  readonly upTo: bigint | null;
  readonly unit: bigint;
  /** An amount. */
  readonly flat: bigint;
}

/** A price, read. */
export type PriceTable =
  | { readonly model: 'unit'; readonly unit: bigint; readonly included: bigint }
  | { readonly model: 'package'; readonly size: bigint; readonly each: bigint; readonly included: bigint }
  | { readonly model: 'graduated' | 'volume'; readonly tiers: readonly Tier[] };

/** A price with everything that belongs to it. */
export interface PriceTerms {
  /** Milliseconds; null for the first. */
  readonly from: number | null;
  readonly table: PriceTable;
  /** Amounts; null where there is none. */
  readonly minimum: bigint | null;
  readonly minimumWhen: 'used' | 'always';
  readonly cap: bigint | null;
}

const quantity = (text: string): bigint => parseExact(text, QUANTITY_PLACES);
const price = (text: string): bigint => parseExact(text, PRICE_PLACES);

function tableOf(given: UsagePriceModel): PriceTable {
  switch (given.model) {
    case 'unit':
      return { model: 'unit', unit: price(given.unit), included: quantity(given.included ?? '0') };
    case 'package':
      return {
        model: 'package',
        size: quantity(given.size),
        each: price(given.each),
        included: quantity(given.included ?? '0'),
      };
    default:
      return {
        model: given.model,
        tiers: given.tiers.map(({ upTo, unit = '0', flat = '0' }) => ({
          upTo: upTo === undefined ? null : quantity(upTo),
          unit: price(unit),
          flat: price(flat) * ONE,
        })),
      };
  }
}

/** A stored price, read. */
export function priceTerms(stored: StoredPrice): PriceTerms {
  const { from, minimum, minimumWhen = 'used', cap } = stored;
  return {
    from,
    table: tableOf(stored),
    minimum: minimum === undefined ? null : parseAmount(minimum),
    minimumWhen,
    cap: cap === undefined ? null : parseAmount(cap),
  };
}

/** A price as it is kept. */
export function storedPrice({ from, ...rest }: UsagePrice): StoredPrice {
  return { ...rest, from: from?.getTime() ?? null };
}
