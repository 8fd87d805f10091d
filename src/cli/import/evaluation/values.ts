/** What is known in full. */
export type Constant = string | number | boolean | null;

/**
 * What an expression of a configuration comes to without running the application. What depends on environment variables
 * stays an expression, since they are set where the application runs and not where it is imported.
 */
export type Value =
  | { readonly kind: 'constant'; readonly value: Constant }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  /** `open`: it has further entries that are not known. */
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Value>; readonly open: boolean }
  /** Text of an environment variable; null where it is not set. */
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'text'; readonly parts: readonly Value[] }
  /** `left`, or `right` where `left` is null; where it is blank as well, with `blank`. */
  | { readonly kind: 'fallback'; readonly left: Value; readonly right: Value; readonly blank: boolean }
  | { readonly kind: 'equal'; readonly left: Value; readonly right: Value }
  /** Whether something is set; and not blank, with `blank`. */
  | { readonly kind: 'present'; readonly operand: Value; readonly blank: boolean }
  | { readonly kind: 'not'; readonly operand: Value }
  | { readonly kind: 'both' | 'either'; readonly left: Value; readonly right: Value }
  | { readonly kind: 'choice'; readonly condition: Value; readonly yes: Value; readonly no: Value }
  /** A branch in which nothing is set. */
  | { readonly kind: 'absent' }
  /** Something of the language or the SDK, such as `Rails.env`, whose members the dialect knows. */
  | { readonly kind: 'object'; readonly name: string; readonly path: readonly string[] }
  /** Only the application itself could tell. */
  | { readonly kind: 'unknown'; readonly line: number };

export const NULL: Value = { kind: 'constant', value: null };
export const ABSENT: Value = { kind: 'absent' };

export function constant(value: Constant): Value {
  return { kind: 'constant', value };
}

export function unknown(line: number): Value {
  return { kind: 'unknown', line };
}

/** A map of constants, lists and maps out of JSON or its like. */
export function valueOf(plain: unknown): Value {
  if (Array.isArray(plain)) return { kind: 'list', items: plain.map(valueOf) };
  if (typeof plain === 'object' && plain !== null) {
    const entries = Object.entries(plain).map(([key, child]) => [key, valueOf(child)] as const);
    return { kind: 'map', entries: new Map(entries), open: false };
  }
  const isConstant = typeof plain === 'string' || typeof plain === 'number' || typeof plain === 'boolean';
  return constant(isConstant ? plain : null);
}

/** Larger than any value of a configuration: what a program doubles again and again is not followed further. */
const MAX_PARTS = 2_000;
const MAX_TEXT = 1_000_000;
const sizes = new WeakMap<Value, number>();

/** How many parts a value has, counted once for each. */
function sizeOf(value: Value): number {
  const known = sizes.get(value);
  if (known !== undefined) return known;
  const size = childrenOf(value).reduce((sum, child) => sum + sizeOf(child), 1);
  sizes.set(value, size);
  return size;
}

function bounded(value: Value): Value {
  return sizeOf(value) > MAX_PARTS ? unknown(1) : value;
}

/** The items of both lists. */
export function listOf(items: readonly Value[]): Value {
  return items.length > MAX_PARTS ? unknown(1) : { kind: 'list', items };
}

/** The parts one after the other; a list or object among them cannot be a text. */
export function textOf(parts: readonly Value[], line: number): Value {
  const flat = parts.flatMap((part) => (part.kind === 'text' ? part.parts : [part]));
  const joined: Value[] = [];
  for (const part of flat) {
    if (part.kind === 'unknown') return part;
    if (!isScalar(part)) return unknown(line);
    const last = joined.at(-1);
    if (part.kind === 'constant' && last?.kind === 'constant') {
      const text = constantText(last.value) + constantText(part.value);
      if (text.length > MAX_TEXT) return unknown(line);
      joined[joined.length - 1] = constant(text);
    } else joined.push(part.kind === 'constant' ? constant(constantText(part.value)) : part);
  }
  if (joined.length === 0) return constant('');
  const [only] = joined;
  return joined.length === 1 && only?.kind === 'constant' ? only : bounded({ kind: 'text', parts: joined });
}

function constantText(value: Constant): string {
  return value === null ? '' : String(value);
}

/** Whether a value is a text, number or switch: known, or known where the application runs. */
export function isScalar(value: Value): boolean {
  return value.kind !== 'list' && value.kind !== 'map' && value.kind !== 'object' && value.kind !== 'unknown';
}

export function equal(left: Value, right: Value, line: number): Value {
  if (left.kind === 'unknown') return left;
  if (right.kind === 'unknown') return right;
  if (!isScalar(left) || !isScalar(right)) return unknown(line);
  if (left.kind === 'constant' && right.kind === 'constant') return constant(left.value === right.value);
  return bounded({ kind: 'equal', left, right });
}

export function not(operand: Value): Value {
  if (operand.kind === 'constant') return constant(operand.value !== true);
  if (operand.kind === 'not') return operand.operand;
  return operand.kind === 'unknown' ? operand : bounded({ kind: 'not', operand });
}

/** Two conditions at once; each is a switch. */
export function both(left: Value, right: Value): Value {
  if (left.kind === 'constant') return left.value === true ? right : left;
  if (right.kind === 'constant') return right.value === true ? left : right;
  if (left.kind === 'unknown') return left;
  return right.kind === 'unknown' ? right : bounded({ kind: 'both', left, right });
}

export function either(left: Value, right: Value): Value {
  if (left.kind === 'constant') return left.value === true ? left : right;
  if (right.kind === 'constant') return right.value === true ? right : left;
  if (left.kind === 'unknown') return left;
  return right.kind === 'unknown' ? right : bounded({ kind: 'either', left, right });
}

/** One value or the other. Where the condition is not known, nothing is, unless both are the same. */
export function choice(condition: Value, yes: Value, no: Value): Value {
  if (condition.kind === 'constant') return condition.value === true ? yes : no;
  if (isSame(yes, no)) return yes;
  if (yes.kind === 'map' && no.kind === 'map') return choiceOfMaps(condition, yes, no);
  if (condition.kind === 'unknown') return condition;
  if (yes.kind === 'unknown') return yes;
  return no.kind === 'unknown' ? no : bounded({ kind: 'choice', condition, yes, no });
}

/** Entries that both have alike do not depend on the condition. */
function choiceOfMaps(condition: Value, yes: Value & { kind: 'map' }, no: Value & { kind: 'map' }): Value {
  const keys = new Set([...yes.entries.keys(), ...no.entries.keys()]);
  const entries = [...keys].map(
    (key) => [key, choice(condition, yes.entries.get(key) ?? ABSENT, no.entries.get(key) ?? ABSENT)] as const,
  );
  return { kind: 'map', entries: new Map(entries), open: yes.open || no.open };
}

export function isSame(left: Value, right: Value): boolean {
  if (left === right) return true;
  return (
    sizeOf(left) === sizeOf(right) && JSON.stringify(left, plainMaps) === JSON.stringify(right, plainMaps)
  );
}

function plainMaps(_key: string, value: unknown): unknown {
  return value instanceof Map ? [...(value as Map<string, unknown>)] : value;
}

/** Every part of a value, itself included. */
export function partsOf(value: Value): Value[] {
  return [value, ...childrenOf(value).flatMap(partsOf)];
}

function childrenOf(value: Value): readonly Value[] {
  switch (value.kind) {
    case 'list':
      return value.items;
    case 'map':
      return [...value.entries.values()];
    case 'text':
      return value.parts;
    case 'fallback':
    case 'equal':
    case 'both':
    case 'either':
      return [value.left, value.right];
    case 'present':
    case 'not':
      return [value.operand];
    case 'choice':
      return [value.condition, value.yes, value.no];
    default:
      return [];
  }
}

/** What a value comes to with these variables; undefined where that needs one that is not set. */
export function resolve(
  value: Value,
  env: Readonly<Record<string, string | undefined>>,
): Constant | undefined {
  const of = (part: Value): Constant | undefined => resolve(part, env);
  switch (value.kind) {
    case 'constant':
      return value.value;
    case 'environment':
      return env[value.name];
    case 'text': {
      const parts = value.parts.map(of);
      return parts.includes(undefined) ? undefined : parts.map((part) => constantText(part ?? null)).join('');
    }
    case 'fallback': {
      const left = of(value.left);
      const isMissing = left === undefined || left === null || (value.blank && left === '');
      return isMissing ? of(value.right) : left;
    }
    case 'equal': {
      const [left, right] = [of(value.left), of(value.right)];
      return left === undefined || right === undefined ? undefined : left === right;
    }
    case 'present': {
      const operand = of(value.operand);
      return operand === undefined ? undefined : operand !== null && !(value.blank && operand === '');
    }
    case 'not': {
      const operand = of(value.operand);
      return operand === undefined ? undefined : operand !== true;
    }
    case 'both':
    case 'either': {
      const [left, right] = [of(value.left), of(value.right)];
      if (left === undefined || right === undefined) return undefined;
      return value.kind === 'both' ? left === true && right === true : left === true || right === true;
    }
    case 'choice': {
      const condition = of(value.condition);
      return condition === undefined ? undefined : of(condition === true ? value.yes : value.no);
    }
    default:
      return undefined;
  }
}
