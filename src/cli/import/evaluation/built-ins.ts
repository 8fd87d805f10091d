import { type Constant, constant, isScalar, resolve, textOf, unknown, type Value } from './values.js';

/** What both languages' methods and functions on known values do, by the name that Ruby has for them. */
const TEXT: Readonly<Record<string, (text: string, ...more: string[]) => Constant | undefined>> = {
  strip: (text) => text.trim(),
  chomp: (text, end) => (end && text.endsWith(end) ? text.slice(0, -end.length) : text.replace(/\r?\n$/, '')),
  squish: (text) => text.trim().replace(/\s+/g, ' '),
  rstrip: (text) => text.trimEnd(),
  lstrip: (text) => text.trimStart(),
  upcase: (text) => text.toUpperCase(),
  downcase: (text) => text.toLowerCase(),
  capitalize: (text) => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase(),
  gsub: (text, from, to) =>
    from !== undefined && to !== undefined ? text.replaceAll(from, () => to) : undefined,
  sub: (text, from, to) =>
    from !== undefined && to !== undefined ? text.replace(from, () => to) : undefined,
  tr: (text, from, to) =>
    from?.length === 1 && to?.length === 1 ? text.replaceAll(from, () => to) : undefined,
  'start_with?': (text, start) => (start === undefined ? undefined : text.startsWith(start)),
  'end_with?': (text, end) => (end === undefined ? undefined : text.endsWith(end)),
};

/** Methods that change nothing of what a value means here. */
const SAME = new Set([
  'to_s',
  'to_str',
  'to_sym',
  'freeze',
  'dup',
  'html_safe',
  'to_h',
  'to_a',
  'clone',
  'strval',
  '(string)',
]);

/** What a method or function of texts and lists comes to; undefined where it is none of them, or not known. */
export function builtIn(
  name: string,
  target: Value,
  values: readonly Value[],
  line: number,
): Value | undefined {
  if (SAME.has(name)) return target;
  if (target.kind === 'list') return ofList(name, target.items, values, line);
  if (target.kind === 'map') return ofMap(name, target);
  if (name in TEXT) {
    if (target.kind === 'unknown') return target;
    const given = values.map((value) => resolve(value, {}));
    const texts = given.map((value) => (typeof value === 'string' ? value : undefined));
    if (
      target.kind === 'constant' &&
      typeof target.value === 'string' &&
      texts.every((text) => text !== undefined)
    ) {
      const result = TEXT[name]?.(target.value, ...texts);
      return result === undefined ? undefined : constant(result);
    }
    // Blanks around the text of a variable mean nothing here either.
    return /strip|chomp|squish/.test(name) && values.length === 0 && isScalar(target) ? target : undefined;
  }
  if (['to_i', 'to_f', 'intval', '(int)', '(float)'].includes(name)) return toNumber(target);
  return undefined;
}

function toNumber(target: Value): Value | undefined {
  if (target.kind !== 'constant') return undefined;
  const number = Number.parseFloat(String(target.value ?? 0));
  return constant(Number.isNaN(number) ? 0 : number);
}

function ofList(
  name: string,
  items: readonly Value[],
  values: readonly Value[],
  line: number,
): Value | undefined {
  switch (name) {
    case 'first':
      return items[0] ?? constant(null);
    case 'last':
      return items.at(-1) ?? constant(null);
    case 'size':
    case 'length':
    case 'count':
      return constant(items.length);
    case 'compact':
      return { kind: 'list', items: items.filter((item) => item.kind !== 'constant' || item.value !== null) };
    case 'join': {
      const separator = values[0] ?? constant('');
      return textOf(
        items.flatMap((item, index) => (index === 0 ? [item] : [separator, item])),
        line,
      );
    }
    case 'include?': {
      const known = items.map((item) => resolve(item, {}));
      const wanted = values[0] ? resolve(values[0], {}) : undefined;
      return wanted === undefined || known.includes(undefined)
        ? unknown(line)
        : constant(known.includes(wanted));
    }
    default:
      return undefined;
  }
}

function ofMap(name: string, map: Value & { kind: 'map' }): Value | undefined {
  const same = ['symbolize_keys', 'stringify_keys', 'with_indifferent_access', 'deep_symbolize_keys'];
  if (same.includes(name)) return map;
  if (map.open) return undefined;
  if (name === 'keys') return { kind: 'list', items: [...map.entries.keys()].map((key) => constant(key)) };
  if (name === 'values') return { kind: 'list', items: [...map.entries.values()] };
  return undefined;
}

/** One map over another; deeply, where asked for. */
export function mergeValues(base: Value, over: Value, deep: boolean, line: number): Value {
  const isEmpty = (value: Value): boolean =>
    (value.kind === 'list' && value.items.length === 0) ||
    (value.kind === 'constant' && value.value === null);
  if (isEmpty(over)) return base;
  if (isEmpty(base)) return over;
  if (base.kind === 'map' && over.kind === 'unknown') {
    // Any entry may have been replaced.
    const entries = [...base.entries.keys()].map((key) => [key, over] as const);
    return { kind: 'map', entries: new Map(entries), open: true };
  }
  if (base.kind === 'unknown' && over.kind === 'map') return { ...over, open: true };
  if (base.kind !== 'map' || over.kind !== 'map') return unknown(line);
  const entries = new Map(base.entries);
  for (const [key, value] of over.entries) {
    const before = entries.get(key);
    entries.set(
      key,
      deep && before?.kind === 'map' && value.kind === 'map' ? mergeValues(before, value, true, line) : value,
    );
  }
  return { kind: 'map', entries, open: base.open || over.open };
}
