import { MAX_IDENTIFIER_LENGTH } from '../../utils/platform-identifier.js';

/** The one resource without plural (protocol §9.1). */
const SINGULAR = 'company';

/** Plurals that no rule gives. */
const IRREGULAR: Readonly<Record<string, string>> = {
  person: 'people',
  people: 'people',
  company: SINGULAR,
  companies: SINGULAR,
  companys: SINGULAR,
};

/** Names come from outside: the cache must not grow with them, neither in number nor in length. */
const MAX_CACHED = 500;
const cache = new Map<string, string>();

/**
 * The name by which handlers and notifications meet: `Sales Orders`, `salesOrder`, `sales_order` and `sales_orders`
 * are one resource (protocol §7.1). Of a longer name than any resource has, the beginning counts.
 */
export function resourceKey(name: string): string {
  if (name.length > MAX_IDENTIFIER_LENGTH) return plural(snakeCase(name.slice(0, MAX_IDENTIFIER_LENGTH)));
  const known = cache.get(name);
  if (known !== undefined) return known;
  const key = plural(snakeCase(name));
  if (cache.size < MAX_CACHED) cache.set(name, key);
  return key;
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '_')
    .replace(/^_+|_+$/g, '');
}

function plural(name: string): string {
  const irregular = Object.hasOwn(IRREGULAR, name) ? IRREGULAR[name] : undefined;
  if (irregular !== undefined) return irregular;
  if (name === '' || name.endsWith('s')) return name;
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
}
