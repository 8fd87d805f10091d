import type { SyncLink } from '../store/sync-link.js';
import { erasedNames } from './erased.js';
import type { RunContext } from './run-context.js';

/**
 * The ids under which records of the application are known at Connec!, by the key of their link; of those that have none
 * yet. The application's own id, unless a record that is gone, or was erased, was known by it: Connec! keeps the ids it was given.
 */
export async function externalIds(
  context: RunContext,
  links: readonly SyncLink[],
): Promise<ReadonlyMap<string, string>> {
  const { store, scope, entity } = context;
  const named = new Map<string, string>();
  if (entity.singleton) return named;
  let left = links.filter(({ app, externalId }) => app.id !== null && externalId === null);
  const taken = new Set<string>();
  for (let count = 1; left.length > 0; count += 1) {
    const wanted = left.map(({ app }) => (count === 1 ? app.id! : `${app.id}~${count}`));
    const refs = wanted.map((external) => ({ external }));
    const holders = await store.links(scope, entity.name, refs);
    const erased = await erasedNames(context, wanted);
    left = left.filter((link, index) => {
      const external = wanted[index]!;
      const holder = holders[index];
      if (taken.has(external) || erased.has(external) || (holder && holder.key !== link.key)) return true;
      taken.add(external);
      named.set(link.key, external);
      return false;
    });
  }
  return named;
}
