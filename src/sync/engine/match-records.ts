import { match } from '../merge/match.js';
import { dueNow, type SyncLink } from '../store/sync-link.js';
import type { SyncScope, SyncStore } from '../store/sync-store.js';
import { held } from './decide.js';
import type { RunContext } from './run-context.js';

/** Which links have a key in common. */
export class Sharing {
  readonly #byMatchKey = new Map<string, SyncLink[]>();

  private constructor(links: readonly SyncLink[]) {
    for (const link of links) {
      for (const key of link.matchKeys) {
        this.#byMatchKey.set(key, [...(this.#byMatchKey.get(key) ?? []), link]);
      }
    }
  }

  /** Looks up who shares a key with one of the links, and who with those. */
  static async of(
    store: SyncStore,
    scope: SyncScope,
    entity: string,
    links: readonly SyncLink[],
  ): Promise<Sharing> {
    const first = await store.matching(scope, entity, keysOf(links));
    const second = await store.matching(scope, entity, keysOf(first));
    return new Sharing([...new Map([...first, ...second].map((link) => [link.key, link])).values()]);
  }

  /** Those that share a key with the link, or with one that does. */
  with(link: SyncLink): readonly SyncLink[] {
    return this.#having(keysOf(this.#having(link.matchKeys)));
  }

  #having(keys: readonly string[]): readonly SyncLink[] {
    return [...new Set(keys.flatMap((key) => this.#byMatchKey.get(key) ?? []))];
  }
}

function keysOf(links: readonly SyncLink[]): readonly string[] {
  return [...new Set(links.flatMap(({ matchKeys }) => matchKeys))];
}

/** Puts together records of one side that are the same, and holds back those of which it cannot be said. */
export async function matched(context: RunContext, due: readonly SyncLink[]): Promise<readonly SyncLink[]> {
  const { store, scope, entity } = context;
  const links = new Map(due.map((link) => [link.key, link]));
  const removed: string[] = [];
  const changed = new Map<string, SyncLink>();
  const sharing = await Sharing.of(store, scope, entity.name, due);
  for (const link of due) {
    if (link.matchKeys.length === 0 || !links.has(link.key)) continue;
    const found = match(
      link,
      sharing.with(link).filter(({ key }) => !removed.includes(key)),
    );
    if (found.kind === 'pair') {
      const [app, connec] = link.app.id === null ? [found.other, link] : [link, found.other];
      const pair = dueNow({ ...app, connec: connec.connec, matchKeys: [] }, 'reference', context.now());
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
        changed.set(
          one.key,
          held(one, nothing, 'ambiguous', 'sync.ambiguousMatch', context.now(), { others }),
        );
        links.delete(one.key);
      }
    }
  }
  if (changed.size > 0)
    await context.guard.commit({ entity: entity.name, links: [...changed.values()], removed });
  return [...links.values()];
}
