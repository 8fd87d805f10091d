import { dueNow, type SyncLink, type SyncSide } from '../store/sync-link.js';
import type { SyncRef } from '../store/sync-store.js';
import { processDue } from './process.js';
import type { RunContext } from './run-context.js';

/**
 * Creates records that wait for each other in a circle: without the reference at first, which is written once the other
 * record is there. Resolves with whether there was one.
 *
 * @throws MaestranoSyncError as {@link processDue} does
 */
export async function breakCircles(context: RunContext): Promise<boolean> {
  const { store, scope, entity, settings, guard } = context;
  if (!entity.rules.some(({ circular }) => circular)) return false;
  const circle: SyncLink[] = [];
  let after: string | undefined;
  do {
    const page = await store.page(scope, entity.name, {
      hold: 'waiting',
      limit: settings.pageSize,
      ...(after === undefined ? {} : { after }),
    });
    for (const link of page.links) if (await waitsInCircle(context, link)) circle.push(link);
    after = page.next ?? undefined;
  } while (after !== undefined && circle.length < settings.pageSize);
  if (circle.length === 0) return false;
  const now = context.now();
  const links = circle.map((link) => dueNow({ ...link, hold: null, waitsFor: null }, 'reference', now));
  await guard.commit({ entity: entity.name, links });
  await processDue({ ...context, withoutReferences: true });
  return true;
}

/** Whether the record is not there yet, and waits for one that waits itself. */
async function waitsInCircle({ store, scope }: RunContext, link: SyncLink): Promise<boolean> {
  if (link.app.id !== null && link.connec.id !== null) return false;
  const [entity, side, ...id] = link.waitsFor?.split(':') ?? [];
  if (entity === undefined || side === undefined) return false;
  const [other] = await store.links(scope, entity, [
    { [side as SyncSide]: id.join(':') } as unknown as SyncRef,
  ]);
  return other?.hold?.kind === 'waiting';
}
