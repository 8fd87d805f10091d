import type { ConnecRecordOf, ConnecResourceName } from '../../connec/client/connec-resources.interface.js';
import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { FieldRule, FieldUnit, ListRule, SyncConflictRule } from '../merge/side-record.js';
import { isRecord } from '../../utils/values.js';
import type { SyncReadSource, SyncSource } from '../source/sync-source.js';
import type { SyncDirection } from '../store/sync-link.js';
import type { AppRecord, MatchKey, SyncEntity, SyncNormaliser } from './entity-definition.js';
import type { ConnecPath, FieldMap } from './field-map.js';

/** One way to recognise a record: a field, or several that must all be equal. */
type MatchSpec<Remote> = ConnecPath<Remote> | readonly ConnecPath<Remote>[];

/** How an entity is synchronized. */
export interface SyncEntitySpec<Local, Remote> {
  /** Its name in plans, logs and options; the resource by default. Two entities of one resource need two names. */
  readonly name?: string;
  readonly fields: FieldMap<Local, Remote>;
  /**
   * Raise it when a conversion changes in what it closes over; 1 by default. Processes with a smaller one leave groups
   * alone that a greater one has worked on.
   */
  readonly version?: number;
  /**
   * Fields whose property several records of Connec! show, such as the title of a product with variants. They are written
   * to Connec! only, or asked about where their rule is `ask`: one customer's edit must not overwrite the others'.
   */
  readonly shared?: readonly ConnecPath<Remote>[];
  /**
   * Fields that are changed, decided and written as one, such as an amount and its currency. Parts of one object of
   * Connec! are together by default.
   */
  readonly together?: readonly (readonly ConnecPath<Remote>[])[];
  /** Fields of one object of Connec! that are independent of each other all the same. */
  readonly apart?: readonly ConnecPath<Remote>[];
  /**
   * How records of both sides are recognised as the same before one is created, the surest way first: fields that are
   * equal after normalisation (e-mail addresses, telephone numbers and texts by their names). One-to-one only; everything
   * else is left to a person.
   */
  readonly match?: readonly MatchSpec<Remote>[];
  /** Who wins where both sides changed a field: `newest` (by default) by the stamps of the records. */
  readonly conflict?: SyncConflictRule;
  /** Which way data goes; `both` by default. */
  readonly direction?: SyncDirection;
  /** What becomes of Connec!'s record when the application deleted its own; `archiveInConnec` by default. */
  readonly whenDeletedInApp?: 'archiveInConnec' | 'keep';
  /** What an archived record of Connec! has; `{ status: 'ARCHIVED' }` by default (protocol §9.3). */
  readonly archived?: Partial<Remote>;
  /** Which records take part; everything by default. One predicate for both sides and every way a change is noticed. */
  readonly accept?: (record: { readonly app?: Local; readonly connec?: Remote }) => boolean;
}

/** A source that need not be written where data only goes to Connec!. */
type SourceOf<Local, Direction> = SyncReadSource<Local> &
  ([Direction] extends ['toConnec'] ? Partial<SyncSource<Local>> : SyncSource<Local>);

/** What a field of the map may hold, as the engine reads it. */
type FieldSpec =
  | string
  | {
      readonly app: string;
      readonly direction?: FieldRule['direction'];
      readonly to?: (value: unknown) => unknown;
      readonly from?: (value: unknown) => unknown;
      readonly equal?: (one: unknown, other: unknown) => boolean;
      readonly conflict?: SyncConflictRule;
      readonly onCreate?: FieldRule['onCreate'];
      readonly refers?: string;
      readonly when?: FieldRule['when'];
      /** Of a list with lines. */
      readonly fields?: Readonly<Record<string, FieldSpec | undefined>>;
      readonly key?: string;
      readonly match?: readonly string[];
    };

const CONFLICTS = ['newest', 'app', 'connec', 'nonEmpty', 'ask'];
const DIRECTIONS = ['both', 'toConnec', 'toApp'];

/**
 * Declares an entity: which resource of Connec!, where the application's records are, and which fields belong together.
 *
 * ```ts
 * export const contacts = syncEntity('people', new ContactSource(), {
 *   fields: {
 *     first_name: 'firstName',
 *     last_name: { app: 'lastName', onCreate: { app: 'Unknown' } },
 *     'email.address': 'email',
 *   },
 *   match: ['email.address', ['first_name', 'last_name']],
 * });
 * ```
 *
 * The fields of a resource are those of `ConnecResources`; give a type of your own as the third argument for others:
 * `syncEntity<Contact, 'people', MyPerson>('people', …)`.
 *
 * @throws MaestranoSyncError `sync.declaration`
 */
export function syncEntity<
  Local extends object,
  Resource extends ConnecResourceName,
  Remote = ConnecRecordOf<Resource>,
  Direction extends SyncDirection = SyncDirection,
>(
  resource: Resource,
  source: SourceOf<Local, Direction>,
  // Types come from the source and the resource, never from the fields: so the parameters of conversions have types.
  spec: NoInfer<SyncEntitySpec<Local, Remote>> & { readonly direction?: Direction },
): SyncEntity {
  const name = spec.name ?? resource;
  const wrong = (message: string, fields: readonly string[] = []): never => {
    throw new MaestranoSyncError('sync.declaration', {
      message: `Entity "${name}": ${message}`,
      entity: name,
      fields,
    });
  };
  // Of an import in a circle, say; the compiler does not see it.
  if (!isRecord(source)) wrong('it has no source yet: is it imported in a circle?');
  const specs = Object.entries(spec.fields).filter(([, field]) => field !== undefined) as [
    string,
    FieldSpec,
  ][];
  if (specs.length === 0) wrong('it has no fields.');
  const isList = ([, field]: readonly [string, FieldSpec]): boolean =>
    typeof field === 'object' && field.fields !== undefined;
  const shared: readonly string[] = spec.shared ?? [];
  const rules = specs
    .filter((one) => !isList(one))
    .map(([path, field]) => ruleOf(path, field, wrong))
    .map((rule) => (shared.includes(rule.name) ? asShared(rule, wrong) : rule));
  const lists = specs.filter(isList).map(([path, field]) => listOf(path, field, wrong));
  checkWritten([...rules, ...lists], wrong);
  const known = new Set(rules.map(({ name: path }) => path));
  const check = (paths: readonly string[], where: string): void => {
    for (const path of paths)
      if (!known.has(path)) wrong(`"${path}" of "${where}" is none of its fields.`, [path]);
  };
  const match = (spec.match ?? []).map((one): readonly string[] => (typeof one === 'string' ? [one] : one));
  check(match.flat(), 'match');
  check(spec.apart ?? [], 'apart');
  check((spec.together ?? []).flat(), 'together');
  check(shared, 'shared');
  for (const { name: path, app, direction, conflict } of rules) {
    if (!source.sharedProperties?.includes(app) || direction === 'toConnec' || conflict === 'ask') continue;
    wrong(`several records have "${app}" in common: name "${path}" in "shared".`, [path]);
  }
  for (const method of methodsOf(source, spec.direction ?? 'both')) {
    if (typeof source[method] !== 'function') wrong(`its source has no method "${method}".`);
  }
  if (!Number.isSafeInteger(spec.version ?? 1)) wrong('its "version" is no whole number.');
  if (spec.conflict !== undefined && !CONFLICTS.includes(spec.conflict)) wrong('its "conflict" is no rule.');
  return {
    name,
    resource,
    singleton: resource === 'company',
    version: spec.version ?? 1,
    source: source as SyncSource<AppRecord>,
    rules,
    lists,
    units: unitsOf(rules, spec.together ?? [], spec.apart ?? [], wrong),
    match: match.map((paths): MatchKey => paths.map((field) => ({ field, as: normaliserOf(field) }))),
    conflict: spec.conflict ?? 'newest',
    direction: spec.direction ?? 'both',
    whenDeletedInApp: spec.whenDeletedInApp ?? 'archiveInConnec',
    archived: (spec.archived as AppRecord | undefined) ?? { status: 'ARCHIVED' },
    accept: (spec.accept as SyncEntity['accept'] | undefined) ?? null,
  };
}

type SourceMethod = 'changes' | 'get' | 'identity' | 'create' | 'update' | 'find';

/** The methods of a source that the engine calls: one that is never written to needs no more than to be read. */
function methodsOf(
  { withoutKey = false }: Pick<SyncSource<never>, 'withoutKey'>,
  direction: SyncDirection,
): readonly SourceMethod[] {
  const written = direction === 'both' || direction === 'toApp' ? (['create', 'update'] as const) : [];
  const found = written.length === 0 || withoutKey ? [] : (['find'] as const);
  return ['changes', 'get', 'identity', ...written, ...found];
}

/** A list with lines of its own ids. */
function listOf(path: string, field: FieldSpec, wrong: Wrong): ListRule {
  const { key, match = [], fields = {}, ...others } = field as Exclude<FieldSpec, string>;
  const { name, app, direction, conflict } = ruleOf(path, others, wrong);
  if (typeof key !== 'string' || key === '')
    wrong(`the list "${path}" has no "key" with the ids of its lines.`, [path]);
  const specs = Object.entries(fields).flatMap(([line, spec]) =>
    spec === undefined ? [] : [[line, spec] as const],
  );
  if (specs.length === 0) wrong(`the list "${path}" has no fields.`, [path]);
  const rules = specs.map(([line, spec]) => ruleOf(line, spec, wrong));
  checkWritten(rules, wrong);
  for (const one of match) {
    if (!rules.some((rule) => rule.name === one))
      wrong(`"${one}" of "match" is no field of the list "${path}".`, [path]);
  }
  return { name, app, direction, conflict, key: key ?? '', match, fields: rules };
}

type Wrong = (message: string, fields?: readonly string[]) => never;

/** No property of the application is written by two fields: each would undo what the other wrote. */
function checkWritten(rules: readonly Pick<FieldRule, 'name' | 'app' | 'direction'>[], wrong: Wrong): void {
  const written = new Map<string, string>();
  for (const { name, app, direction } of rules) {
    if (direction === 'toConnec') continue;
    const other = written.get(app);
    if (other !== undefined) {
      wrong(`"${other}" and "${name}" both write "${app}": give one of them the direction "toConnec".`, [
        other,
        name,
      ]);
    }
    written.set(app, name);
  }
}

function ruleOf(path: string, field: FieldSpec, wrong: Wrong): FieldRule {
  const given = typeof field === 'string' ? { app: field } : field;
  const { app, direction = 'both', to, from, equal, conflict, onCreate = {}, refers, when } = given;
  if (typeof app !== 'string' || app === '')
    wrong(`the field "${path}" names no property of the application.`, [path]);
  if (!DIRECTIONS.includes(direction)) wrong(`the field "${path}" has no such direction.`, [path]);
  if (conflict !== undefined && !CONFLICTS.includes(conflict))
    wrong(`the field "${path}" has no such rule.`, [path]);
  if (direction === 'both' && (to === undefined) !== (from === undefined)) {
    wrong(`the field "${path}" goes both ways and is converted one way only.`, [path]);
  }
  return {
    name: path,
    app,
    direction,
    refers: refers ?? null,
    conflict: conflict ?? null,
    toConnec: to ?? null,
    toApp: from ?? null,
    equal: equal ?? null,
    onCreate,
    when: when ?? null,
  };
}

/** A field whose property belongs to several records. */
function asShared(rule: FieldRule, wrong: Wrong): FieldRule {
  if (rule.conflict === 'ask') return rule;
  if (rule.direction === 'toApp')
    wrong(`the field "${rule.name}" is shared and goes to the application.`, [rule.name]);
  return { ...rule, direction: 'toConnec' };
}

/** Fields that are decided together: as declared, then those of one object, then each by itself. */
function unitsOf(
  rules: readonly FieldRule[],
  together: readonly (readonly string[])[],
  apart: readonly string[],
  wrong: Wrong,
): readonly FieldUnit[] {
  const units = new Map<string, FieldRule[]>();
  for (const rule of rules) {
    const groups = together.filter((group) => group.includes(rule.name));
    if (groups.length > 1) wrong(`"${rule.name}" is in two groups of "together".`, [rule.name]);
    const [group] = groups;
    const object =
      rule.name.includes('.') && !apart.includes(rule.name) ? `${rule.name.split('.')[0]}.` : rule.name;
    const unit = group ? `together ${together.indexOf(group)}` : object;
    units.set(unit, [...(units.get(unit) ?? []), rule]);
  }
  for (const unit of units.values()) {
    const names = unit.map(({ name }) => name);
    if (new Set(unit.map(({ direction }) => direction)).size > 1) {
      wrong(`${names.join(', ')} are together and go different ways.`, names);
    }
  }
  return [...units.values()];
}

function normaliserOf(path: string): SyncNormaliser {
  if (/(^|[._])e?mail/iu.test(path)) return 'email';
  if (/(^|[._])(tele)?phone|mobile|landline|fax/iu.test(path)) return 'phone';
  return 'text';
}
