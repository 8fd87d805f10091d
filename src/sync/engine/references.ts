import { type ExternalIdOwner, toExternalIds } from '../../connec/client/external-ids.js';
import type { SyncEntity } from '../fields/entity-definition.js';
import { type Convert, type FieldRule, type ListRule, mayGo, type SideRecord } from '../merge/side-record.js';
import { isRecord } from '../../utils/values.js';
import type { SyncLink, SyncSide } from '../store/sync-link.js';
import type { SyncRef, SyncScope, SyncStore } from '../store/sync-store.js';

/** How a link says which record it waits for. */
export function waitsFor(entity: string, side: SyncSide, id: string): string {
  return `${entity}:${side}:${id}`;
}

/** A value that the declared conversion of a field could not convert. */
export class ConversionFailure extends Error {
  constructor(
    readonly field: string,
    override readonly cause: unknown,
  ) {
    super(`The conversion of "${field}" failed.`);
    this.name = 'ConversionFailure';
  }
}

/** The links of the records that a batch of records refers to, and the conversions that need them. */
export class References {
  readonly #links: ReadonlyMap<string, SyncLink>;
  readonly #byConnecId: ReadonlyMap<string | null, SyncLink>;

  private constructor(
    links: ReadonlyMap<string, SyncLink>,
    private readonly owner: ExternalIdOwner,
  ) {
    this.#links = links;
    this.#byConnecId = new Map([...links.values()].map((link) => [link.connec.id, link]));
  }

  /** Looks up what the records refer to. */
  static async of(
    store: SyncStore,
    scope: SyncScope,
    entity: SyncEntity,
    records: readonly SideRecord[],
    owner: ExternalIdOwner,
  ): Promise<References> {
    const wanted = new Map<string, { readonly entity: string; readonly ref: SyncRef }>();
    for (const rule of entity.rules) {
      if (rule.refers === null) continue;
      for (const { side, values } of records) {
        const id = values[rule.name];
        if (typeof id !== 'string') continue;
        const ref = side === 'app' ? { app: id } : { connec: id };
        wanted.set(waitsFor(rule.refers, side, id), { entity: rule.refers, ref });
      }
    }
    for (const { name, fields } of entity.lists) {
      for (const { refers, name: field } of fields) {
        if (refers === null) continue;
        for (const { side, lists } of records) {
          for (const { values } of lists?.[name] ?? []) {
            const id = values[field];
            if (typeof id !== 'string') continue;
            const ref = side === 'app' ? { app: id } : { connec: id };
            wanted.set(waitsFor(refers, side, id), { entity: refers, ref });
          }
        }
      }
    }
    const links = new Map<string, SyncLink>();
    for (const name of new Set([...wanted.values()].map(({ entity: refers }) => refers))) {
      const some = [...wanted].filter(([, { entity: refers }]) => refers === name);
      const found = await store.links(
        scope,
        name,
        some.map(([, { ref }]) => ref),
      );
      for (const [index, [key]] of some.entries()) {
        const link = found[index];
        if (link) links.set(key, link);
      }
    }
    return new References(links, owner);
  }

  /** @throws ConversionFailure */
  readonly convert: Convert = (rule, from, value) => {
    if (rule.refers !== null) return this.#reference(rule.refers, from, value);
    if (rule.line) return this.#line(rule.line.list, from, value);
    const conversion = from === 'app' ? rule.toConnec : rule.toApp;
    if (conversion === null) return { value };
    try {
      return { value: conversion(value) };
    } catch (error) {
      throw new ConversionFailure(rule.name, error);
    }
  };

  /** How a value for Connec! is sent. */
  wire(rule: FieldRule, value: unknown): unknown {
    if (rule.refers === null || typeof value !== 'string') return value ?? null;
    const link = this.#byConnecId.get(value);
    return link?.externalId ? toExternalIds(link.externalId, this.owner) : value;
  }

  /** All fields of a line that go this way; null for a line that was removed. */
  #line({ fields }: ListRule, from: SyncSide, value: unknown): ReturnType<Convert> {
    if (!isRecord(value)) return { value: null };
    const line: Record<string, unknown> = {};
    for (const field of fields) {
      if (!mayGo(field.direction, from === 'app' ? 'connec' : 'app')) continue;
      const converted = this.convert(field, from, value[field.name]);
      if ('waitsFor' in converted) return converted;
      line[field.name] = converted.value;
    }
    return { value: line };
  }

  #reference(refers: string, from: SyncSide, id: unknown): ReturnType<Convert> {
    if (typeof id !== 'string') return { value: null };
    const key = waitsFor(refers, from, id);
    const link = this.#links.get(key);
    const linked =
      link !== undefined && link.app.id !== null && link.connec.id !== null && link.externalConfirmed;
    if (!linked) return { waitsFor: key };
    return { value: from === 'app' ? link.connec.id : link.app.id };
  }
}
