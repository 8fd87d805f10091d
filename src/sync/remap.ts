import type { HeldLease } from './engine/held-lease.js';
import { dueNow, type SyncSide, withBase } from './store/sync-link.js';
import type { SyncScope, SyncStore } from './store/sync-store.js';

/** Links of one commit. */
const STEP = 100;

/** Has the values of a side count as changed, in all records of an entity, and the notices of the fields be over. */
export async function remapFields(
  {
    store,
    scope,
    guard,
  }: { readonly store: SyncStore; readonly scope: SyncScope; readonly guard: HeldLease },
  entity: string,
  fields: readonly string[],
  from: SyncSide,
): Promise<void> {
  const isOf = (name: string): boolean => fields.some((one) => name === one || name.startsWith(`${one}[`));
  let after: string | undefined;
  do {
    await guard.check();
    const page = await store.page(scope, entity, { limit: STEP, ...(after ? { after } : {}) });
    const links = page.links.flatMap((link) => {
      const names = Object.keys(link[from].base).filter(isOf);
      if (names.length === 0 || link.gone !== null) return [];
      const changed = withBase(link, from, Object.fromEntries(names.map((name) => [name, ''])));
      return [dueNow(changed, 'operator', Date.now())];
    });
    await guard.check();
    await guard.commit({ entity, links });
    after = page.next ?? undefined;
  } while (after !== undefined);
  await guard.check();
  const stream = await guard.stream(entity);
  const notices = stream.notices.filter(
    ({ code, field }) => code !== 'sync.mappingChanged' || !fields.includes(field),
  );
  await guard.commit({ entity, stream: { ...stream, notices } });
}
