/** Suffixes of dates, with the operator that the server applies (protocol §8.5). */
export type DateSuffix = 'Before' | 'StrictlyBefore' | 'After' | 'StrictlyAfter';

/** Suffixes of numbers. */
export type NumberSuffix = 'LowerThan' | 'StrictlyLowerThan' | 'GreaterThan' | 'StrictlyGreaterThan';

/** What a field holds, which decides the suffixes and values it takes. */
export type FilterKind = 'text' | 'boolean' | 'number' | 'decimal' | 'date';

/** A field by its name here, with its name on the server: there, filters name database columns. */
export type FilterFields = Readonly<Record<string, readonly [kind: FilterKind, column: string]>>;

interface FilterValues {
  text: string;
  boolean: boolean;
  number: number;
  decimal: number | string;
  date: Date | string;
}

interface FilterSuffixes {
  text: '';
  boolean: '';
  number: '' | NumberSuffix;
  decimal: '' | NumberSuffix;
  date: '' | DateSuffix;
}

/**
 * The filter that a table of fields allows: `createdAtAfter`, `priceCentsGreaterThan`, `status`. Several are
 * combined by "and". `Before` and `After`, `LowerThan` and `GreaterThan` include the value itself.
 */
export type FilterOf<F extends FilterFields> = {
  readonly [K in keyof F & string as `${K}${FilterSuffixes[F[K][0]]}`]?: FilterValues[F[K][0]];
};

const SUFFIXES: Readonly<Record<FilterKind, readonly (DateSuffix | NumberSuffix)[]>> = {
  text: [],
  boolean: [],
  number: ['StrictlyLowerThan', 'LowerThan', 'StrictlyGreaterThan', 'GreaterThan'],
  decimal: ['StrictlyLowerThan', 'LowerThan', 'StrictlyGreaterThan', 'GreaterThan'],
  date: ['StrictlyBefore', 'Before', 'StrictlyAfter', 'After'],
};

/** What a filter's name means: the server's parameter, and the kind of its value. */
export interface FilterParameter {
  readonly kind: FilterKind;
  readonly parameter: string;
}

/** Null for a name that the fields do not allow. */
export function filterParameter(fields: FilterFields, name: string): FilterParameter | null {
  const plain = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (plain) return { kind: plain[0], parameter: plain[1] };
  for (const [field, [kind, column]] of Object.entries(fields)) {
    const suffix = SUFFIXES[kind].find((candidate) => name === field + candidate);
    if (suffix)
      return { kind, parameter: column + suffix.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) };
  }
  return null;
}
