import { MaestranoSyncError } from '../../errors/sync.error.js';
import type { SyncHour, SyncStop, SyncStream } from '../store/sync-store.js';
import type { Look, Step } from './decide.js';
import { stopRestored } from './restored.js';
import type { RunContext } from './run-context.js';

const HOUR = 3_600_000;
/** How far back the brake counts. */
const HOURS = 24;

/** Records that Connec! may lose by accident within that time, at least, and as a part of all. */
const LOST = { floor: 20, share: 0.01 };

/**
 * Counts what a batch would overwrite and archive, and which records have vanished, together with the last 24 hours.
 * Resolves with the entity's state including the batch, to be kept with it.
 *
 * @throws MaestranoSyncError `sync.massChange` once that is more than the brake allows, and `sync.restored` once so many
 * records vanished that Connec! lost them rather than a person; nothing of the batch is written or kept
 */
export async function brake(
  context: RunContext,
  looks: readonly Look[],
  steps: readonly Step[],
): Promise<SyncStream> {
  const { store, scope, entity, settings, guard } = context;
  const stream = await guard.stream(entity.name);
  const hour = Math.floor(context.now() / HOUR);
  const added = {
    hour,
    app: steps.filter((step) => step.kind === 'write' && step.toApp.length > 0 && overwrites(step)).length,
    connec: steps.filter((step) => step.kind === 'write' && step.toConnec.length > 0 && overwrites(step))
      .length,
    deletes: steps.filter(({ kind }) => kind === 'archive').length,
    vanished: steps.filter(({ link }, index) => isVanished(link) && !isVanished(looks[index]!.link)).length,
  };
  if (added.app + added.connec + added.deletes + added.vanished === 0) return stream;
  const recent = stream.hours.filter((one) => one.hour > hour - HOURS);
  const sum = (pick: (one: SyncHour) => number): number =>
    [...recent, added].reduce((total, one) => total + pick(one), 0);
  const totals = { app: sum(({ app }) => app), connec: sum(({ connec, deletes }) => connec + deletes) };
  const vanished = sum((one) => one.vanished ?? 0);
  if (added.vanished > 0 && vanished > LOST.floor && !stream.released) {
    const { links } = await store.count(scope, entity.name, context.now());
    if (vanished > links * LOST.share) await stopRestored(context, 'connec');
  }
  const { floor, share, ceiling } = settings.brake;
  const most = Math.max(totals.app, totals.connec);
  if (!stream.released && most > floor) {
    const { links } = await store.count(scope, entity.name, context.now());
    if (most > Math.min(ceiling, Math.max(floor, links * share))) {
      const side = totals.app > totals.connec ? 'app' : 'connec';
      await stop(context, stream, {
        code: 'sync.massChange',
        side,
        reason: `${most} records`,
        since: context.now(),
      });
    }
  }
  return { ...stream, hours: merged(recent, added) };
}

function isVanished({ hold }: Step['link']): boolean {
  return hold?.kind === 'vanished';
}

/** A record that both sides agreed on before: linking two for the first time overwrites nothing that was synchronized. */
function overwrites({ link }: Step): boolean {
  return Object.keys(link.app.base).length > 0 && Object.keys(link.connec.base).length > 0;
}

async function stop(context: RunContext, stream: SyncStream, stopped: SyncStop): Promise<never> {
  const { scope, entity } = context;
  await context.guard.commit({ entity: entity.name, stream: { ...stream, stopped } });
  throw new MaestranoSyncError('sync.massChange', {
    marketplace: scope.marketplace,
    group: scope.group,
    entity: entity.name,
  });
}

function merged(hours: readonly SyncHour[], added: SyncHour): readonly SyncHour[] {
  const same = hours.find(({ hour }) => hour === added.hour);
  if (!same) return [...hours, added];
  const { hour } = added;
  const sum = {
    hour,
    app: same.app + added.app,
    connec: same.connec + added.connec,
    deletes: same.deletes + added.deletes,
    vanished: (same.vanished ?? 0) + (added.vanished ?? 0),
  };
  return [...hours.filter((one) => one !== same), sum];
}
