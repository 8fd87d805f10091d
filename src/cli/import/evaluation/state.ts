import { ABSENT, choice, type Value } from './values.js';

/** A parameter as a source sets it. */
export interface Setting {
  readonly value: Value;
  /** Where it is set, counted from 1; null in formats without lines. */
  readonly line: number | null;
}

/** A call that fetches the marketplaces from the developer platform. */
export interface PlatformCall {
  readonly line: number;
  /** The file that it names; null where the environment variables alone count. */
  readonly file: Value | null;
}

/** Parameters by dotted name as the source writes it. */
export type Settings = ReadonlyMap<string, Setting>;

/** Everything that a program has set so far. Never changed: branches go on from one state, each in its own way. */
export interface State {
  readonly variables: ReadonlyMap<string, Value>;
  readonly marketplaces: ReadonlyMap<string, Settings>;
  readonly platform: PlatformCall | null;
}

export const EMPTY_STATE: State = { variables: new Map(), marketplaces: new Map(), platform: null };

/** A map with one more entry. */
export function withEntry<T>(map: ReadonlyMap<string, T>, key: string, value: T): ReadonlyMap<string, T> {
  return new Map(map).set(key, value);
}

/** What came of two branches of which one is run, and which marketplaces or calls are in one of them alone. */
export interface Merged {
  readonly state: State;
  readonly oneSided: readonly string[];
}

/** Joins two branches: what differs depends on the condition. */
export function mergeStates(condition: Value, yes: State, no: State): Merged {
  const variables = mergeMaps(yes.variables, no.variables, (left, right) =>
    choice(condition, left ?? ABSENT, right ?? ABSENT),
  );
  const oneSided: string[] = [];
  const marketplaces = mergeMaps(yes.marketplaces, no.marketplaces, (left, right, name) => {
    if (left && right) return mergeMaps(left, right, (a, b) => mergeSettings(condition, a, b));
    oneSided.push(`marketplace "${name}"`);
    return left ?? right!;
  });
  if ((yes.platform === null) !== (no.platform === null)) oneSided.push('the developer platform');
  return { state: { variables, marketplaces, platform: yes.platform ?? no.platform }, oneSided };
}

function mergeSettings(condition: Value, yes: Setting | undefined, no: Setting | undefined): Setting {
  const value = choice(condition, yes?.value ?? ABSENT, no?.value ?? ABSENT);
  return { value, line: yes?.line ?? no?.line ?? null };
}

function mergeMaps<T>(
  yes: ReadonlyMap<string, T>,
  no: ReadonlyMap<string, T>,
  merge: (left: T | undefined, right: T | undefined, key: string) => T,
): ReadonlyMap<string, T> {
  if (yes === no) return yes;
  const merged = new Map<string, T>();
  for (const key of new Set([...yes.keys(), ...no.keys()])) {
    const [left, right] = [yes.get(key), no.get(key)];
    merged.set(key, left !== undefined && left === right ? left : merge(left, right, key));
  }
  return merged;
}
