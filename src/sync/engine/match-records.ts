import { match } from '../merge/match.js';
import { dueNow, type SyncLink } from '../store/sync-link.js';
import { held } from './decide.js';
import type { RunContext } from './run-context.js';

/** Puts together records of one side that are the same, and holds back those of which it cannot be said. */
export async function matched(context: RunContext, due: readonly SyncLink[]): Promise<readonly SyncLink[]> {
  const { store, scope, entity } = context;
  const links = new Map(due.map((link) => [link.key, link]));
  const removed: string[] = [];
  const changed = new Map<string, SyncLink>();
  for (const link of due) {
    if (link.matchKeys.length === 0 || !links.has(link.key)) continue;
    const sharing = await store.matching(scope, entity.name, link.matchKeys);
    const more = await store.matching(
      scope,
      entity.name,
      sharing.flatMap(({ matchKeys }) => matchKeys),
    );
    const known = new Map([...sharing, ...more].map((one) => [one.key, one]));
    const found = match(
      link,
      [...known.values()].filter(({ key }) => !removed.includes(key)),
    );
    if (found.kind === 'pair') {
      const [app, connec] = link.app.id === null ? [found.other, link] : [link, found.other];
      const pair = dueNow({ ...app, connec: connec.connec, matchKeys: [] }, 'reference', Date.now());
      links.delete(connec.key);
      links.set(app.key, pair);
      changed.delete(connec.key);
      changed.set(app.key, pair);
      removed.push(connec.key);
    } else if (found.kind === 'ambiguous') {
      for (const one of [link, ...found.links]) {
        if (one.hold?.kind === 'ambiguous' || removed.includes(one.key)) continue;
        const others = [link, ...found.links].filter(({ key }) => key !== one.key).map(({ key }) => key);
        const nothing = { app: null, connec: null };
        changed.set(one.key, held(one, nothing, 'ambiguous', 'sync.ambiguousMatch', Date.now(), { others }));
        links.delete(one.key);
      }
    }
  }
  if (changed.size > 0)
    await context.guard.commit({ entity: entity.name, links: [...changed.values()], removed });
  return [...links.values()];
}
