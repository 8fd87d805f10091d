import type { SandboxExchange } from '../http/exchange.js';
import { count, number } from '../../views/format.js';
import type { Html } from '../../views/html.js';
import { pager } from '../../views/parts.js';
import { link } from './back.js';

/** Lines of one page of a list. */
const PAGE_SIZE = 50;

/** A part of a list, and the way to its neighbours. */
export interface ListPage<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly pager: Html;
}

/**
 * The part of a list that the address asks for. It goes on from a line, not from a number of lines: new ones that
 * arrive meanwhile move nothing.
 */
export function listPage<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  { path, query }: Pick<SandboxExchange, 'path' | 'query'>,
  one: string,
  several?: string,
): ListPage<T> {
  const [after, before] = [query.get('after'), query.get('before')];
  const indexOf = (key: string): number => all.findIndex((item) => keyOf(item) === key);
  const start =
    after !== null ? indexOf(after) + 1 : before !== null ? Math.max(0, indexOf(before) - PAGE_SIZE) : 0;
  const items = all.slice(start, start + PAGE_SIZE);
  const [first, last] = [items[0], items.at(-1)];
  const to = (cursor: Readonly<Record<string, string>>): string =>
    link(path, {
      ...Object.fromEntries(query),
      done: null,
      tone: null,
      after: null,
      before: null,
      open: null,
      ...cursor,
    });
  return {
    items,
    total: all.length,
    pager: pager(
      items.length === all.length
        ? count(all.length, one, several)
        : `${number(items.length)} of ${count(all.length, one, several)} shown`,
      first && start > 0 ? to({ before: keyOf(first) }) : null,
      last && start + items.length < all.length ? to({ after: keyOf(last) }) : null,
    ),
  };
}

/** The address of a list with one parameter changed and the page left. */
export function narrowed(
  { path, query }: Pick<SandboxExchange, 'path' | 'query'>,
  changes: Readonly<Record<string, string | null>>,
): string {
  const kept = {
    ...Object.fromEntries(query),
    done: null,
    tone: null,
    after: null,
    before: null,
    open: null,
  };
  return link(path, { ...kept, ...changes });
}

/** Whether any of some texts contains what was searched for; everything does where nothing was. */
export function contains(wanted: string, texts: readonly (string | null | undefined)[]): boolean {
  const text = wanted.trim().toLowerCase();
  return text === '' || texts.some((one) => one?.toLowerCase().includes(text));
}
