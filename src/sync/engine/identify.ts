import { halfOf } from '../merge/match.js';
import type { SyncCause } from '../store/sync-link.js';
import type { Look } from './decide.js';
import { seeApp, seeConnec } from './discover.js';
import type { RunContext } from './run-context.js';

/** What a record is looked at for after a listing had it. */
const LISTED: readonly SyncCause[] = ['poll', 'sweep'];

/**
 * Takes note of what records say of their ids and of what they are matched by, where no listing did: a hint, or an operator, only
 * named them. Resolves with the other looks; these records are due again at once, by then as if they had been listed.
 */
export async function identified(context: RunContext, looks: readonly Look[]): Promise<readonly Look[]> {
  const unlisted = looks.filter(
    ({ link }) => halfOf(link) !== null && !link.causes.some((cause) => LISTED.includes(cause)),
  );
  const apps = unlisted.flatMap(({ app }) => app ?? []);
  const connecs = unlisted.flatMap(({ connec }) => connec ?? []);
  if (apps.length + connecs.length === 0) return looks;
  const entity = context.entity.name;
  if (apps.length > 0) await context.guard.commit({ entity, ...(await seeApp(context, apps, 'poll')) });
  if (connecs.length > 0) {
    await context.guard.commit({ entity, ...(await seeConnec(context, connecs, 'poll')) });
  }
  const seen = new Set(unlisted.filter(({ app, connec }) => app ?? connec).map(({ link }) => link.key));
  return looks.filter(({ link }) => !seen.has(link.key));
}
