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

/** Names come from outside: the cache must not grow with them. */
const MAX_CACHED = 500;
const cache = new Map<string, string>();

/**
 * The name by which handlers and notifications meet: `Sales Orders`, `salesOrder`, `sales_order` and `sales_orders`
 * are one resource (protocol §7.1).
 */
export function resourceKey(name: string): string {
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
