import { sameValue } from '../merge/values.js';
import { SyncRejected } from './sync-source.error.js';
import type { SyncChanges, SyncContext, SyncIdentity, SyncSource, SyncWrite } from './sync-source.js';

/** The second record of a composed one. */
export interface ComposedPart<Main, Part, Property extends keyof Part & string> {
  readonly source: SyncSource<Part>;
  /** The property of the main record with the id of the part. */
  readonly by: keyof Main & string;
  /** Properties of the part that the composed record has. */
  readonly properties: readonly Property[];
  /**
   * Whether several main records have one part, as the variants of a product do; false by default. Such fields go to
   * Connec! only, or are asked about: an edit of one record there must not change another one (`shared` of the entity).
   */
  readonly shared?: boolean;
  /** The main records of the parts: they count as changed when a part does. */
  readonly holders: (
    partIds: readonly SyncIdentity['id'][],
    context: SyncContext,
  ) => Promise<readonly Main[]>;
}

/** What a composed record was made of. */
const MADE_OF = Symbol('main record and part');

type Composed<Main, Part, Property extends keyof Part> = Main &
  Pick<Part, Property> & { readonly [MADE_OF]?: { readonly main: Main; readonly part: Part } };

/**
 * One record of Connec! from two of the application: a product and its variant, an item and its price. It is read as one
 * flat record with the id of the main one; a write goes to the record that has the property. The part is created first,
 * under the same key, and the main one with its id: a create that is broken off is completed by the next one.
 *
 * ```ts
 * composed(variants, { source: products, by: 'productId', properties: ['title'], holders: variantsOfProducts })
 * ```
 *
 * What is written to both records and arrives at one of them counts as a write of unknown outcome: both are read later,
 * and each field is settled by itself.
 */
export function composed<Main extends object, Part extends object, Property extends keyof Part & string>(
  main: SyncSource<Main>,
  part: ComposedPart<Main, Part, Property>,
): SyncSource<Main & Pick<Part, Property>> {
  return new ComposedSource(main, part);
}

class ComposedSource<
  Main extends object,
  Part extends object,
  Property extends keyof Part & string,
> implements SyncSource<Composed<Main, Part, Property>> {
  readonly withoutKey: boolean;
  readonly needsExecutor: boolean;
  readonly sharedProperties: readonly string[];

  constructor(
    private readonly main: SyncSource<Main>,
    private readonly spec: ComposedPart<Main, Part, Property>,
  ) {
    const both = [main, spec.source] as const;
    this.withoutKey = both.some(({ withoutKey }) => withoutKey === true);
    this.needsExecutor = both.some(({ needsExecutor }) => needsExecutor === true);
    this.sharedProperties = spec.shared === true ? spec.properties : [];
  }

  async check(properties: Readonly<Record<string, string>>, context: SyncContext): Promise<void> {
    const { ofPart, ofMain } = this.#split(properties);
    const { source, by } = this.spec;
    await source.check?.(ofPart as Readonly<Record<string, string>>, context);
    await this.main.check?.({ ...(ofMain as Readonly<Record<string, string>>), [by]: by }, context);
  }

  async changes(
    { cursor, limit }: { readonly cursor: string | null; readonly limit: number },
    context: SyncContext,
  ): Promise<SyncChanges<Composed<Main, Part, Property>>> {
    const [mainCursor, partCursor] = cursor === null ? [null, null] : cursorsOf(cursor);
    const mains = await this.main.changes({ cursor: mainCursor, limit }, context);
    const parts = await this.spec.source.changes({ cursor: partCursor, limit }, context);
    const partIds = parts.records.map((record) => this.spec.source.identity(record).id);
    const holders = partIds.length === 0 ? [] : await this.spec.holders(partIds, context);
    const changed = new Map(
      [...mains.records, ...holders].map((record) => [String(this.main.identity(record).id), record]),
    );
    return {
      records: await this.#composed([...changed.values()], context),
      ...(mains.deleted ? { deleted: mains.deleted } : {}),
      cursor: JSON.stringify([mains.cursor, parts.cursor]),
      more: mains.more || parts.more,
      safeUntil: JSON.stringify([mains.safeUntil, parts.safeUntil]),
    };
  }

  async get(
    ids: readonly string[],
    context: SyncContext,
  ): Promise<readonly Composed<Main, Part, Property>[]> {
    return this.#composed(await this.main.get(ids, context), context);
  }

  async find(key: string, context: SyncContext): Promise<Composed<Main, Part, Property> | null> {
    const main = await this.main.find(key, context);
    const [found] = main === null ? [] : await this.#composed([main], context);
    return found ?? null;
  }

  async create(
    data: Partial<Composed<Main, Part, Property>>,
    write: SyncWrite,
  ): Promise<Composed<Main, Part, Property>> {
    const { ofPart, ofMain } = this.#split(data);
    const part = await this.#upToDate(await this.spec.source.create(ofPart, write), ofPart, write);
    const { id } = this.spec.source.identity(part);
    const main = await this.main.create({ ...ofMain, [this.spec.by]: id }, write);
    return this.#compose(main, part);
  }

  /** Where an earlier create broke off, the part it left has the values of that time: it gets those of this one. */
  async #upToDate(part: Part, wanted: Partial<Part>, write: SyncWrite): Promise<Part> {
    const { source } = this.spec;
    const names = Object.keys(wanted) as (keyof Part)[];
    const others = names.filter((name) => !sameValue(part[name], wanted[name]));
    if (others.length === 0) return part;
    const { id, version } = source.identity(part);
    const changes = Object.fromEntries(others.map((name) => [name, wanted[name]])) as Partial<Part>;
    const updated = await source.update(String(id), changes, { ...write, ifVersion: version });
    if (updated !== null && updated !== 'stale') return updated;
    throw new Error(
      'The part that an earlier create left was changed meanwhile; the next attempt takes it up.',
    );
  }

  async update(
    id: string,
    changes: Partial<Composed<Main, Part, Property>>,
    write: SyncContext & { readonly ifVersion: SyncIdentity['version'] },
  ): Promise<Composed<Main, Part, Property> | 'stale' | null> {
    const [before] = await this.get([id], write);
    if (before === undefined) return null;
    if (this.identity(before).version !== write.ifVersion) return 'stale';
    const { main, part } = before[MADE_OF]!;
    const { ofPart, ofMain } = this.#split(changes);
    const { source } = this.spec;
    let newPart: Part | 'stale' | null = part;
    if (Object.keys(ofPart).length > 0) {
      const { id: partId, version } = source.identity(part);
      newPart = await source.update(String(partId), ofPart, { ...write, ifVersion: version });
      if (newPart === null || newPart === 'stale') return 'stale';
    }
    if (Object.keys(ofMain).length === 0) return this.#compose(main, newPart);
    const updateMain = async (): Promise<Main | 'stale' | null> =>
      this.main.update(id, ofMain, { ...write, ifVersion: this.main.identity(main).version });
    if (newPart === part) {
      const newMain = await updateMain();
      if (newMain === null) return null;
      return newMain === 'stale' ? 'stale' : this.#compose(newMain, part);
    }
    return this.#compose(await afterPart(updateMain), newPart);
  }

  identity(record: Composed<Main, Part, Property>): SyncIdentity {
    const { main, part } = record[MADE_OF]!;
    const [one, other] = [this.main.identity(main), this.spec.source.identity(part)];
    return {
      id: one.id,
      version: `${versionText(one.version)}/${versionText(other.version)}`,
      updatedAt: one.updatedAt > other.updatedAt ? one.updatedAt : other.updatedAt,
      bornAt: one.bornAt ?? null,
      key: one.key ?? null,
    };
  }

  /** The composed records of those whose part is there. */
  async #composed(
    mains: readonly Main[],
    context: SyncContext,
  ): Promise<readonly Composed<Main, Part, Property>[]> {
    const { source, by } = this.spec;
    const ids = [...new Set(mains.map((main) => String(main[by])))];
    const parts = ids.length === 0 ? [] : await source.get(ids, context);
    const byId = new Map(parts.map((part) => [String(source.identity(part).id), part]));
    return mains.flatMap((main) => {
      const part = byId.get(String(main[by]));
      return part === undefined ? [] : [this.#compose(main, part)];
    });
  }

  #compose(main: Main, part: Part): Composed<Main, Part, Property> {
    const taken = Object.fromEntries(this.spec.properties.map((name) => [name, part[name]]));
    return { ...main, ...taken, [MADE_OF]: { main, part } } as Composed<Main, Part, Property>;
  }

  #split(data: object): { readonly ofPart: Partial<Part>; readonly ofMain: Partial<Main> } {
    const isOfPart = ([name]: readonly [string, unknown]): boolean =>
      (this.spec.properties as readonly string[]).includes(name);
    const entries = Object.entries(data);
    return {
      ofPart: Object.fromEntries(entries.filter(isOfPart)) as Partial<Part>,
      ofMain: Object.fromEntries(entries.filter((entry) => !isOfPart(entry))) as Partial<Main>,
    };
  }
}

/** The main record's write behind the part's: whatever keeps it from happening, something was written. */
async function afterPart<Main>(update: () => Promise<Main | 'stale' | null>): Promise<Main> {
  let written: Main | 'stale' | null = null;
  try {
    written = await update();
  } catch (cause) {
    if (cause instanceof SyncRejected) throw cause;
    throw new Error('The part was written, and the main record was not.', { cause });
  }
  if (written === null || written === 'stale')
    throw new Error('The part was written, and the main record was not.');
  return written;
}

function cursorsOf(cursor: string): readonly [string | null, string | null] {
  return JSON.parse(cursor) as [string | null, string | null];
}

function versionText(version: SyncIdentity['version']): string {
  return version instanceof Date ? version.toISOString() : String(version);
}
