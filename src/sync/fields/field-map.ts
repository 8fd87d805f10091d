import type { ConnecResources } from '../../connec/client/connec-resources.interface.js';
import type { SyncConflictRule } from '../merge/side-record.js';

type Filled<T> = NonNullable<T>;

/** The names that a type declares, without those of its index signature. */
type Declared<T> = keyof {
  [K in keyof T as string extends K ? never : number extends K ? never : K]: true;
} &
  string;

/** A type with nothing in it that says what its fields are. */
type Fields<T> = Filled<T> extends object ? Declared<Filled<T>> : never;

/** Fields of a Connec! record that only the platform writes. */
type ReadOnly = 'id' | 'created_at' | 'updated_at' | 'group_id' | 'channel_id' | 'resource_type';

/** `first_name`, `email`, `email.address`: two levels, lists as a whole. */
export type ConnecPath<Remote> = {
  [K in Exclude<Declared<Remote>, ReadOnly>]: Filled<Remote[K]> extends readonly unknown[]
    ? K
    : Fields<Remote[K]> extends never
      ? K
      : K | `${K}.${Fields<Remote[K]>}`;
}[Exclude<Declared<Remote>, ReadOnly>];

/** The type of the value at a path. */
export type ConnecValueAt<Remote, Path> =
  Path extends Declared<Remote>
    ? Filled<Remote[Path]>
    : Path extends `${infer Top}.${infer Name}`
      ? Top extends Declared<Remote>
        ? Name extends Fields<Remote[Top]>
          ? Filled<Filled<Remote[Top]>[Name]>
          : never
        : never
      : never;

/** Properties of the application's record that hold such a value, without a conversion. */
type SameKeys<Local, Value> = {
  [K in keyof Local & string]: [Filled<Local[K]>] extends [Value]
    ? [Value] extends [Filled<Local[K]>]
      ? K
      : never
    : never;
}[keyof Local & string];

/** What every field may say. */
interface FieldOptions<Local, Value, Property> {
  /** Whether two values, in Connec!'s form, say the same; exact equality by default. */
  readonly equal?: (one: Value, other: Value) => boolean;
  /** Who wins where both sides changed the field; the entity's rule by default. */
  readonly conflict?: SyncConflictRule;
  /**
   * What a new record gets on the side that is named, where the other side has nothing. When it comes back it is no
   * change.
   */
  readonly onCreate?: { readonly app?: Property; readonly connec?: Value };
  /**
   * Whether the field takes part, seen from the records that are there; always by default. A price, say, only while both
   * sides are in one currency.
   */
  readonly when?: (records: {
    readonly app?: Local;
    readonly connec?: Readonly<Record<string, unknown>>;
  }) => boolean;
}

/** The same value on both sides. */
type PlainField<Local, Value> = {
  [K in SameKeys<Local, Value>]: FieldOptions<Local, Value, Local[K]> & {
    readonly app: K;
    /** Which way values go; `both` by default. */
    readonly direction?: 'both' | 'toConnec' | 'toApp';
    readonly to?: never;
    readonly from?: never;
    readonly refers?: never;
  };
}[SameKeys<Local, Value>];

/** A value that is converted: both ways, or the one way that it goes. */
type ConvertedField<Local, Value> = {
  [K in keyof Local & string]: FieldOptions<Local, Value, Local[K]> & {
    readonly app: K;
    readonly refers?: never;
  } & (
      | {
          readonly direction?: 'both';
          /** The application's value in Connec!'s form; null where there is none. */
          readonly to: (value: Local[K]) => Value | null;
          /** Connec!'s value in the application's form. */
          readonly from: (value: Value | null) => Local[K];
        }
      | {
          readonly direction: 'toConnec';
          readonly to: (value: Local[K]) => Value | null;
          readonly from?: never;
        }
      | {
          readonly direction: 'toApp';
          readonly from: (value: Value | null) => Local[K];
          readonly to?: never;
        }
    );
}[keyof Local & string];

/** Properties of the application's record that hold an id. */
type IdKeys<Local> = {
  [K in keyof Local & string]: [Filled<Local[K]>] extends [string | number | bigint] ? K : never;
}[keyof Local & string];

/**
 * The id of a record of another entity. It is waited for, and its ids are exchanged on the way. One type for each property,
 * so that the compiler finds a field's type by it, and with that the types of the parameters of conversions.
 */
type ReferenceField<Local> = {
  [K in IdKeys<Local>]: {
    /** The property with the application's id. */
    readonly app: K;
    /** The resource whose records it refers to; an entity of it must be synchronized as well. */
    readonly refers: keyof ConnecResources;
    readonly direction?: 'both' | 'toConnec' | 'toApp';
    readonly conflict?: SyncConflictRule;
  };
}[IdKeys<Local>];

/** What a list has in each place; never for what is none. */
type LineOf<T> = Filled<T> extends readonly (infer Line)[] ? Line : never;

/** A list whose lines have ids on both sides: changed, decided and written line by line. */
type ListField<Local, Value> = [LineOf<Value>] extends [never]
  ? never
  : {
      [K in keyof Local & string]: [LineOf<Local[K]>] extends [object]
        ? [LineOf<Local[K]>] extends [never]
          ? never
          : {
              readonly app: K;
              /** The property of a line with the application's id of it. */
              readonly key: keyof LineOf<Local[K]> & string;
              /** Fields by which a line is recognised that neither side knows the other's id of. */
              readonly match?: readonly ConnecPath<LineOf<Value>>[];
              readonly fields: FieldMap<LineOf<Local[K]>, LineOf<Value>>;
              readonly direction?: 'both' | 'toConnec' | 'toApp';
              readonly conflict?: SyncConflictRule;
            }
        : never;
    }[keyof Local & string];

/**
 * The mapping of an entity: paths at Connec! and the properties of the application that they belong to. A property's
 * name alone where both hold the same type, an object for everything else.
 */
export type FieldMap<Local, Remote> = {
  readonly [Path in ConnecPath<Remote>]?:
    | SameKeys<Local, ConnecValueAt<Remote, Path>>
    | PlainField<Local, ConnecValueAt<Remote, Path>>
    | ConvertedField<Local, ConnecValueAt<Remote, Path>>
    | ReferenceField<Local>
    | ListField<Local, ConnecValueAt<Remote, Path>>;
};
