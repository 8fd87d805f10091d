import { MaestranoConnecError } from '../../errors/connec.error.js';

/** A value that a condition compares with. A Date is sent as ISO 8601 in UTC. */
export type ConnecValue = string | number | boolean | Date;

/** Conditions on one field; all of them must hold (protocol §9.5). */
export interface ConnecConditions {
  readonly eq?: ConnecValue | null;
  readonly ne?: ConnecValue | null;
  readonly gt?: ConnecValue;
  readonly gte?: ConnecValue;
  readonly lt?: ConnecValue;
  readonly lte?: ConnecValue;
  /** One of these; at least one. */
  readonly in?: readonly ConnecValue[];
  /** Flags are not part of the protocol and are rejected. */
  readonly match?: RegExp;
}

/** The names a record type declares, without its index signature. */
type DeclaredField<T> = keyof {
  [K in keyof T as string extends K ? never : number extends K ? never : K]: true;
} &
  string;

/** A plain value means `eq`. Field names are the platform's own; unknown ones are allowed. */
export type ConnecWhere<T> = {
  readonly [K in DeclaredField<T> | (string & {})]?: ConnecValue | null | ConnecConditions;
};

/**
 * What to read from a collection. A plain object, because `and` is the only connective that Connec! documents: the
 * object says the same as a builder would, can be stored, compared and typed by the resource's fields.
 *
 * ```ts
 * { where: { updated_at: { gt: since }, status: 'ACTIVE' }, orderBy: { updated_at: 'asc' }, top: 100 }
 * ```
 */
export interface ConnecQuery<T = Record<string, unknown>> {
  /** Conditions; all must hold. */
  readonly where?: ConnecWhere<T>;
  /** A `$filter` in the platform's own syntax, joined to `where` with `and`. Nothing in it is escaped. */
  readonly filter?: string;
  /** `{ updated_at: 'desc' }`, or in the platform's own syntax. */
  readonly orderBy?: string | Readonly<Record<string, 'asc' | 'desc'>>;
  /** Records a page; the platform's 100 by default. */
  readonly top?: number;
  /** Records to leave out at the beginning. */
  readonly skip?: number;
  /** Free text (`$search`). */
  readonly search?: string;
  /** `$expand`, such as `matching_records`. */
  readonly expand?: string | readonly string[];
  /** Further parameters, sent as they are but for percent-encoding. */
  readonly params?: Readonly<Record<string, string | readonly string[]>>;
}

const COMPARISONS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte'] as const;
const FIELD = /^[A-Za-z_][\w.]*$/;

/**
 * The parameters of a query by name, ready to be encoded.
 *
 * @throws MaestranoConnecError `connec.argument` for anything that has no spelling in the protocol
 */
export function queryParameters<T>(query: ConnecQuery<T>): [string, string][] {
  const parameters: [string, string][] = [];
  const filter = filterText(query);
  if (filter !== '') parameters.push(['$filter', filter]);
  const order = orderText(query.orderBy);
  if (order !== '') parameters.push(['$orderby', order]);
  if (query.search !== undefined) parameters.push(['$search', query.search]);
  const expand = typeof query.expand === 'string' ? query.expand : (query.expand ?? []).join(',');
  if (expand !== '') parameters.push(['$expand', expand]);
  for (const [name, value] of Object.entries(query.params ?? {})) {
    for (const one of typeof value === 'string' ? [value] : value) parameters.push([name, one]);
  }
  if (query.top !== undefined) parameters.push(['$top', wholeNumber(query.top, 'top', 1)]);
  if (query.skip !== undefined) parameters.push(['$skip', wholeNumber(query.skip, 'skip', 0)]);
  return parameters;
}

/** `?a=b&c=d`, percent-encoded so that every server reads it alike (no `+` for a space); empty for none. */
export function queryString(parameters: readonly (readonly [string, string])[]): string {
  if (parameters.length === 0) return '';
  return `?${parameters.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')}`;
}

/** The `$filter` of a query; empty for none (protocol §9.5). */
export function filterText<T>(query: Pick<ConnecQuery<T>, 'where' | 'filter'>): string {
  const parts: string[] = [];
  for (const [field, condition] of Object.entries(query.where ?? {})) {
    if (condition === undefined) continue;
    if (!FIELD.test(field)) reject(`The field name ${JSON.stringify(field)} cannot be used in a filter.`);
    parts.push(...conditionTexts(field, condition));
  }
  const raw = query.filter?.trim();
  if (raw) parts.push(raw);
  return parts.join(' and ');
}

function conditionTexts(field: string, condition: ConnecValue | null | ConnecConditions): string[] {
  if (condition === null || typeof condition !== 'object' || condition instanceof Date) {
    return [`${field} eq ${literal(condition)}`];
  }
  const texts: string[] = [];
  for (const [operator, value] of Object.entries(condition)) {
    if (value === undefined) continue;
    if (operator === 'in') texts.push(`${field} in ${list(value as readonly ConnecValue[])}`);
    else if (operator === 'match') texts.push(`${field} match ${pattern(value as RegExp)}`);
    else if ((COMPARISONS as readonly string[]).includes(operator)) {
      texts.push(`${field} ${operator} ${literal(value as ConnecValue | null)}`);
    } else reject(`The operator ${JSON.stringify(operator)} is not part of the protocol.`);
  }
  return texts;
}

/** Text goes into single quotes, one inside is doubled as in OData: the protocol does not say, and nothing else fits. */
function literal(value: ConnecValue | null): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) reject('A date in the query is invalid.');
    return `'${value.toISOString().replace('.000Z', 'Z')}'`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) reject('A number in the query is not finite.');
  if (typeof value !== 'number' && typeof value !== 'boolean')
    reject('A value in the query has no spelling.');
  const text = String(value);
  // The protocol shows no exponents, and 1e21 would read as a name.
  if (typeof value === 'number' && text.includes('e'))
    reject('A number in the query is too large or too small.');
  return text;
}

function list(values: readonly ConnecValue[]): string {
  if (!Array.isArray(values) || values.length === 0) reject('The list of an "in" condition is empty.');
  return `[${values.map((value) => literal(value)).join(',')}]`;
}

function pattern(expression: RegExp): string {
  if (!(expression instanceof RegExp)) reject('A "match" condition takes a regular expression.');
  if (expression.flags !== '') reject('Flags of a regular expression cannot be sent.');
  // Inside a character class JavaScript leaves slashes bare; here they would end the expression.
  return `/${expression.source.replace(/\\[\s\S]|\//g, (found) => (found === '/' ? '\\/' : found))}/`;
}

function orderText(order: ConnecQuery['orderBy']): string {
  if (order === undefined) return '';
  if (typeof order === 'string') return order.trim();
  return Object.entries(order)
    .map(([field, direction]) => {
      if (!FIELD.test(field)) reject(`The field name ${JSON.stringify(field)} cannot be used in an order.`);
      return `${field} ${direction === 'desc' ? 'desc' : 'asc'}`;
    })
    .join(',');
}

function wholeNumber(value: number, name: string, least: number): string {
  if (!Number.isSafeInteger(value) || value < least)
    reject(`"${name}" must be a whole number from ${least}.`);
  return String(value);
}

function encode(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

function reject(message: string): never {
  throw new MaestranoConnecError('connec.argument', {
    message,
    remedy: 'Correct the query, or use its raw "filter" and "params".',
  });
}

/** Longest identifier or resource name that is sent; real ones are under 100 characters. */
const MAX_SEGMENT_LENGTH = 512;

/**
 * One segment of a path, encoded. Empty ones and dots are rejected, because a URL parser would remove them and the
 * request would leave its group (protocol §9.1).
 *
 * @throws MaestranoConnecError `connec.argument`
 */
export function pathSegment(value: string, what: string): string {
  const trouble =
    typeof value !== 'string' || value === ''
      ? 'is empty'
      : value === '.' || value === '..'
        ? 'consists of dots'
        : value.length > MAX_SEGMENT_LENGTH
          ? `is longer than ${MAX_SEGMENT_LENGTH} characters`
          : null;
  if (trouble) {
    throw new MaestranoConnecError('connec.argument', {
      message: `The ${what} ${trouble}.`,
      remedy: `Pass the ${what} as the platform gave it.`,
    });
  }
  return encodeURIComponent(Buffer.from(value).toString());
}

/**
 * A relative path as free text, such as `events/e1/tickets`: slashes around it are dropped, every segment is encoded
 * on its own.
 *
 * @throws MaestranoConnecError `connec.argument`
 */
export function relativePath(path: string | readonly string[]): string {
  const segments = typeof path === 'string' ? path.replace(/^\/+|\/+$/g, '').split('/') : path;
  return segments.map((segment) => pathSegment(segment, 'path segment')).join('/');
}
