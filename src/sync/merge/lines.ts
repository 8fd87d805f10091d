import type { SyncEntity } from '../fields/entity-definition.js';
import type { SyncBase, SyncLink, SyncLinePair, SyncSide } from '../store/sync-link.js';
import {
  type Convert,
  digestsOf,
  type FieldRule,
  type FieldUnit,
  type LineValues,
  type ListRule,
  mayGo,
  type SideLine,
  type SideRecord,
} from './side-record.js';
import { isRecord } from '../../utils/values.js';
import { canonical, isEmpty, sameValue } from './values.js';

/** Both records of a link with each line as a field of its own, and the units that it is merged by. */
export interface WithLines<App, Connec> {
  /** With the lines that belong together, and without what is known of lines that are gone on both sides. */
  readonly link: SyncLink;
  readonly app: App;
  readonly connec: Connec;
  readonly units: readonly FieldUnit[];
}

/**
 * Puts the lines of both sides together and makes a field of every one of them, so that lines are changed, decided and
 * written one by one. Two lines belong together when they did before, when Connec!'s has our id, when all of their fields
 * are equal, or when those to match by are; never by their place in the list.
 */
export function withLines<App extends SideRecord | null, Connec extends SideRecord | null>(
  entity: Pick<SyncEntity, 'lists' | 'units'>,
  link: SyncLink,
  records: { readonly app: App; readonly connec: Connec },
  convert: Convert,
): WithLines<App, Connec> {
  if (entity.lists.length === 0) return { link, ...records, units: entity.units };
  const { app, connec } = records;
  const pairs: Record<string, readonly SyncLinePair[]> = {};
  const values: Record<SyncSide, Record<string, unknown>> = { app: {}, connec: {} };
  const units: FieldUnit[] = [...entity.units];
  for (const list of entity.lists) {
    const sides = { app: linesOf(app, list), connec: linesOf(connec, list) };
    const together = pairLines(list, link, sides, convert);
    pairs[list.name] = together;
    for (const side of ['app', 'connec'] as const) {
      const lines = sides[side];
      if (lines === null) continue;
      for (const pair of together) {
        const line = lines.find(({ id }) => id === pair[side]);
        values[side][lineName(list, pair.key)] = line?.values ?? null;
      }
      for (const line of lines) {
        const paired = together.some((pair) => pair[side] === line.id);
        if (!paired) values[side][lineName(list, keyOfNew(side, line))] = line.values;
      }
    }
    const names = new Set(
      [...Object.keys(values.app), ...Object.keys(values.connec)].filter((name) =>
        name.startsWith(`${list.name}[`),
      ),
    );
    for (const name of names) units.push([lineRule(list, name.slice(list.name.length + 1, -1))]);
  }
  const known = new Set(units.flat().map(({ name }) => name));
  const both = app !== null && connec !== null;
  return {
    link: { ...(both ? withoutOldLines(link, entity.lists, known) : link), lines: pairs },
    app: expanded(app, values.app),
    connec: expanded(connec, values.connec),
    units,
  };
}

/** The name of a line in bases, intents and the history. */
export function lineName(list: Pick<ListRule, 'name'>, key: string): string {
  return `${list.name}[${key}]`;
}

/** How a line is called that belongs to none of the other side yet. */
export function keyOfNew(side: SyncSide, { id }: SideLine): string {
  return `${side === 'app' ? 'a' : 'c'}${id}`;
}

function linesOf(record: SideRecord | null, list: ListRule): readonly SideLine[] | null {
  return record === null ? null : (record.lists?.[list.name] ?? []);
}

function pairLines(
  list: ListRule,
  link: SyncLink,
  { app, connec }: Readonly<Record<SyncSide, readonly SideLine[] | null>>,
  convert: Convert,
): readonly SyncLinePair[] {
  const before = link.lines[list.name] ?? [];
  if (app === null || connec === null) return before;
  const pairs = before.filter(
    (pair) => app.some(({ id }) => id === pair.app) || connec.some(({ id }) => id === pair.connec),
  );
  const freeApp = app.filter(({ id }) => !pairs.some((pair) => pair.app === id));
  const freeConnec = connec.filter(({ id }) => !pairs.some((pair) => pair.connec === id));
  const sent = new Set(link.intents.flatMap((intent) => Object.keys(intent.sent)));
  const ways: readonly ((one: SideLine, other: SideLine) => boolean)[] = [
    (one, other) => one.id !== null && other.externalIds.includes(one.id),
    (one, other) => list.fields.every((field) => sameField(field, one, other, convert)),
    (one, other) =>
      list.match.length > 0 &&
      list.match.every((name) => {
        const field = list.fields.find((rule) => rule.name === name);
        return field && !isEmpty(one.values[name]) && sameField(field, one, other, convert);
      }),
  ];
  for (const belong of ways) {
    for (const one of freeApp.slice()) {
      const other = freeConnec.find((line) => belong(one, line));
      if (!other) continue;
      const theirs = keyOfNew('connec', other);
      // The name under which the line was written first: its intent and its base are under that.
      const written = sent.has(lineName(list, theirs)) || lineName(list, theirs) in link.connec.base;
      pairs.push({ key: written ? theirs : keyOfNew('app', one), app: one.id, connec: other.id });
      freeApp.splice(freeApp.indexOf(one), 1);
      freeConnec.splice(freeConnec.indexOf(other), 1);
    }
  }
  return [...pairs, ...ownLines(list, link, { app: freeApp, connec: freeConnec })];
}

/** Lines that we added to a side without hearing of it, and that were removed from the other one since. */
function ownLines(
  list: ListRule,
  { intents }: SyncLink,
  free: Readonly<Record<SyncSide, readonly SideLine[]>>,
): readonly SyncLinePair[] {
  const sent = intents.flatMap(({ side, sent: values }) =>
    Object.entries(values).map(([name, value]) => ({ side, name, value })),
  );
  const toConnec = free.connec.flatMap(({ id, externalIds }): SyncLinePair[] => {
    const own = externalIds.find((one) => sent.some(({ name }) => name === lineName(list, `a${one}`)));
    return own === undefined ? [] : [{ key: `a${own}`, app: own, connec: id }];
  });
  const begins = `${list.name}[c`;
  const toApp = free.app.flatMap(({ id, values }): SyncLinePair[] => {
    const own = sent.find(
      ({ side, name, value }) => side === 'app' && name.startsWith(begins) && sameLine(list, value, values),
    );
    const theirs = own?.name.slice(begins.length, -1);
    return theirs === undefined ? [] : [{ key: `c${theirs}`, app: id, connec: theirs }];
  });
  return [...toConnec, ...toApp];
}

function sameLine({ fields }: ListRule, sent: unknown, values: LineValues): boolean {
  return isRecord(sent) && fields.every(({ name }) => !(name in sent) || sameValue(sent[name], values[name]));
}

function sameField(field: FieldRule, app: SideLine, connec: SideLine, convert: Convert): boolean {
  const held = connec.values[field.name];
  const converted = mayGo(field.direction, 'connec')
    ? convert(field, 'app', app.values[field.name])
    : { value: held };
  if ('waitsFor' in converted) return false;
  return sameValue(converted.value, held) || field.equal?.(converted.value, held) === true;
}

/** One line as a field. */
function lineRule(list: ListRule, key: string): FieldRule {
  const equal = (one: unknown, other: unknown): boolean => {
    const [mine, theirs] = [one, other] as readonly (LineValues | null | undefined)[];
    if (!mine || !theirs) return !mine && !theirs;
    return list.fields.every(
      ({ name, equal: same }) =>
        sameValue(mine[name], theirs[name]) || same?.(mine[name], theirs[name]) === true,
    );
  };
  return {
    name: lineName(list, key),
    app: list.app,
    direction: list.direction,
    refers: null,
    conflict: list.conflict,
    toConnec: null,
    toApp: null,
    equal,
    onCreate: {},
    line: { list, key },
  };
}

function expanded<R extends SideRecord | null>(record: R, lines: Readonly<Record<string, unknown>>): R {
  if (record === null) return record;
  return {
    ...record,
    values: { ...record.values, ...lines },
    digests: { ...record.digests, ...digestsOf(lines) },
  };
}

/** Lines that are on neither side any more are forgotten. */
function withoutOldLines(link: SyncLink, lists: readonly ListRule[], known: ReadonlySet<string>): SyncLink {
  const kept = (base: SyncBase): SyncBase =>
    Object.fromEntries(
      Object.entries(base).filter(
        ([name]) => known.has(name) || !lists.some((list) => name.startsWith(`${list.name}[`)),
      ),
    );
  return {
    ...link,
    app: { ...link.app, base: kept(link.app.base) },
    connec: { ...link.connec, base: kept(link.connec.base) },
  };
}

/** The lines of a side as they are to be written: those that are there in their order, then new ones. */
export function writtenLines(
  list: ListRule,
  side: SyncSide,
  link: SyncLink,
  present: readonly SideLine[],
  writes: ReadonlyMap<string, LineValues | null>,
  form: (values: LineValues, line: SideLine | null, key: string) => Readonly<Record<string, unknown>>,
): readonly Readonly<Record<string, unknown>>[] {
  const pairs = link.lines[list.name] ?? [];
  const left = new Map(writes);
  const written: Readonly<Record<string, unknown>>[] = [];
  for (const line of present) {
    const key = pairs.find((pair) => pair[side] === line.id)?.key ?? keyOfNew(side, line);
    const values = left.get(key);
    left.delete(key);
    if (values === undefined) written.push(line.raw);
    else if (values !== null) written.push(form(values, line, key));
  }
  for (const [key, values] of left) if (values !== null) written.push(form(values, null, key));
  return written;
}

/** Whether two lists of lines say the same, wherever their lines stand. */
export function linesDigest(lines: readonly SideLine[]): readonly string[] {
  return lines.map(({ id, values }) => canonical([id, values])).toSorted();
}
