import { setTimeout as pause } from 'node:timers/promises';

import { MaestranoSyncError } from '../errors/sync.error.js';
import { adoptRecords } from './adopt-records.js';
import { afterRestore, type SyncRestoreAnswer } from './after-restore.js';
import { asGone } from './engine/decide.js';
import { eraseLink, erasing, type SyncErasable, type SyncErasure } from './engine/erased.js';
import type { HeldLease } from './engine/held-lease.js';
import type { GroupSides, SyncEngine } from './engine/sync-engine.js';
import { heldRecord, type SyncHeldRecord } from './held-record.js';
import { checkKnownGroup } from './known-group.js';
import { importLinks, type SyncImportedLink, type SyncImportResult } from './import-links.js';
import { recordRef, type SyncRecordRef, unknownRecord, wrongRecord } from './record-ref.js';
import { remapFields } from './remap.js';
import {
  atRest,
  dueNow,
  type SyncHoldKind,
  type SyncLink,
  type SyncSide,
  withBase,
  withSide,
} from './store/sync-link.js';
import type { SyncStore, SyncStream } from './store/sync-store.js';

/** Records of a list unless asked for otherwise. */
const LIMIT = 1_000;

/** Times the lease of a group is asked for, and the milliseconds between. */
const TRIES = 20;
const PAUSE = 250;

/**
 * What persons decide about single records of a group. Each takes the lease for a moment.
 *
 * All reject with `sync.operation` where no entity has the name, and with `sync.unknownGroup` where nothing is known of the group; only
 * `confirm` and `importLinks` may come before its first run.
 */
export class SyncOperations {
  constructor(
    private readonly store: SyncStore,
    private readonly engine: SyncEngine,
    private readonly sides: GroupSides,
  ) {}

  /** Records that are held back, of one kind. */
  async held(entity: string, kind: SyncHoldKind, limit: number): Promise<readonly SyncHeldRecord[]> {
    await this.#known(entity);
    const { links } = await this.store.page(this.sides.scope, entity, { limit, hold: kind });
    return links.flatMap((link) => heldRecord(entity, link) ?? []);
  }

  /** Records that a side rejected or that could not be converted. */
  get quarantine(): {
    list(entity: string, limit?: number): Promise<readonly SyncHeldRecord[]>;
    retry(ref: SyncRecordRef): Promise<void>;
    ignore(ref: SyncRecordRef): Promise<void>;
  } {
    return {
      list: (entity, limit = LIMIT) => this.held(entity, 'quarantined', limit),
      retry: (ref) => this.retry(ref),
      ignore: (ref) => this.ignore(ref),
    };
  }

  /** Fields that both sides changed and whose rule is to ask. */
  get conflicts(): {
    list(entity: string, limit?: number): Promise<readonly SyncHeldRecord[]>;
    resolve(ref: SyncRecordRef, winner: SyncSide): Promise<void>;
  } {
    return {
      list: (entity, limit = LIMIT) => this.held(entity, 'conflict', limit),
      resolve: (ref, winner) => this.resolve(ref, winner),
    };
  }

  /** Records of both sides that could be the same. */
  get matches(): {
    list(entity: string, limit?: number): Promise<readonly SyncHeldRecord[]>;
    confirm(entity: string, appId: string, connecId: string): Promise<void>;
    reject(ref: SyncRecordRef): Promise<void>;
  } {
    return {
      list: (entity, limit = LIMIT) => this.held(entity, 'ambiguous', limit),
      confirm: (entity, appId, connecId) => this.adopt(entity, appId, connecId),
      reject: (ref) => this.reject(ref),
    };
  }

  /** Records that were merged at the platform. */
  get merges(): {
    list(entity: string, limit?: number): Promise<readonly SyncHeldRecord[]>;
    accept(ref: SyncRecordRef): Promise<void>;
    split(ref: SyncRecordRef): Promise<void>;
  } {
    return {
      list: (entity, limit = LIMIT) => this.held(entity, 'merged', limit),
      accept: (ref) => this.merge(ref, 'accept'),
      split: (ref) => this.merge(ref, 'split'),
    };
  }

  /** Looks at the record again, whatever holds it back. */
  async retry(ref: SyncRecordRef): Promise<void> {
    await this.#change(ref, (link) => {
      // Who asks for it again says that the create did not happen.
      const intents = link.hold?.code === 'sync.undecidedCreate' ? [] : link.intents;
      return dueNow({ ...link, intents, hold: null, waitsFor: null, attempts: 0 }, 'operator', Date.now());
    });
  }

  /** Leaves the record alone until `retry`. */
  async ignore(ref: SyncRecordRef): Promise<void> {
    await this.#change(ref, (link) => {
      const seen = { app: '', connec: '' };
      const hold = {
        kind: 'ignored',
        code: 'sync.ignored',
        fields: [],
        reason: '',
        since: Date.now(),
        seen,
      } as const;
      return { ...atRest(link), hold };
    });
  }

  /** Decides a conflict: the side's values hold for the fields that were asked about. */
  async resolve(ref: SyncRecordRef, winner: SyncSide): Promise<void> {
    const loser: SyncSide = winner === 'app' ? 'connec' : 'app';
    await this.#change(ref, async (link) => {
      if (link.hold?.kind !== 'conflict') throw wrongRecord(ref, 'is no conflict');
      const digests = await this.engine.digestsOf(this.sides, ref.entity, link, loser);
      const agreed = Object.fromEntries(
        link.hold.fields.flatMap((name) => (digests[name] ? [[name, digests[name]]] : [])),
      );
      return dueNow({ ...withBase(link, loser, agreed), hold: null }, 'operator', Date.now());
    });
  }

  /**
   * Says that two records are the same: they become one, and are merged.
   *
   * @throws MaestranoSyncError `sync.operation` for an id that neither the store nor its side knows, or that is linked to another one
   */
  async adopt(entity: string, appId: string, connecId: string): Promise<void> {
    const { store, engine, sides } = this;
    await this.#exclusively(entity, (guard) =>
      adoptRecords({ store, engine, sides, guard }, entity, { app: appId, connec: connecId }),
    );
  }

  /** Takes over which records belong together, as another connector knew it; neither side is read or written. */
  async importLinks(entity: string, links: readonly SyncImportedLink[]): Promise<SyncImportResult> {
    const { scope } = this.sides;
    const work = (guard: HeldLease): Promise<SyncImportResult> =>
      importLinks(this.store, guard, { scope, entity }, links);
    return this.#exclusively(entity, work, { mayBeNew: true });
  }

  /** Says that records that could be the same are not: each is created on the other side. */
  async reject(ref: SyncRecordRef): Promise<void> {
    await this.#change(ref, (link) => dueNow({ ...link, hold: null, matchKeys: [] }, 'operator', Date.now()));
  }

  /** Ends the tie between two records; neither is changed, and neither is created again. */
  async unlink(ref: SyncRecordRef): Promise<void> {
    await this.#change(ref, (link) => ({ ...atRest(link), direction: 'none', hold: null, intents: [] }));
  }

  /** Limits the direction of one record. */
  async direct(ref: SyncRecordRef, direction: SyncLink['direction']): Promise<void> {
    await this.#change(ref, (link) => dueNow({ ...link, direction }, 'operator', Date.now()));
  }

  /**
   * Answers to a merge at the platform: `accept` keeps the surviving record and ends this tie, `split` has Connec! get a
   * record of its own again.
   */
  async merge(ref: SyncRecordRef, answer: 'accept' | 'split'): Promise<void> {
    await this.#change(ref, (link) => {
      if (link.hold?.kind !== 'merged') throw wrongRecord(ref, 'was not merged');
      if (answer === 'accept') return { ...atRest(link), direction: 'none', hold: null, intents: [] };
      const free = withSide({ ...link, hold: null, externalConfirmed: false, intents: [] }, 'connec', {
        id: null,
        base: {},
        version: null,
        born: null,
        seen: false,
        missingSince: null,
      });
      // The survivor keeps the old id: this record needs another one.
      return dueNow(
        { ...free, externalId: `${link.app.id}~split-${Date.now().toString(36)}` },
        'operator',
        Date.now(),
      );
    });
  }

  /** Allows the first synchronization, or goes on after a mass change was looked at. */
  async confirm(entity: string): Promise<void> {
    const change = (stream: SyncStream): SyncStream => {
      if (stream.stopped?.code === 'sync.restored')
        throw wrongRecord({ entity }, 'was restored: call restored()');
      return {
        ...stream,
        confirmed: true,
        stopped: null,
        released: stream.stopped !== null || stream.released,
      };
    };
    await this.#stream(entity, change, { mayBeNew: true });
  }

  /**
   * Goes on after a side was restored from a backup. `theOther`: what the restored side lacks is sent again, records that
   * it lost are created again. `theRestored`: its older values hold, and records that it lost are left to a person.
   * `byField`: as if both had never agreed, so that the rules decide.
   */
  async restored(entity: string, right: SyncRestoreAnswer): Promise<void> {
    await this.#exclusively(entity, async (guard) => {
      const stream = await guard.stream(entity);
      const side = stream.stopped?.code === 'sync.restored' ? stream.stopped.side : null;
      if (side === null) throw wrongRecord({ entity }, 'was not restored');
      let after: string | undefined;
      do {
        const page = await this.store.page(this.sides.scope, entity, {
          limit: 100,
          ...(after ? { after } : {}),
        });
        const links: SyncLink[] = [];
        for (const link of page.links) {
          await guard.check();
          links.push(await afterRestore(this.engine, this.sides, entity, link, { side, right }));
        }
        await guard.check();
        await guard.commit({ entity, links });
        after = page.next ?? undefined;
      } while (after !== undefined);
      await guard.check();
      await guard.commit({
        entity,
        stream: {
          ...stream,
          stopped: null,
          released: true,
          appCursor: null,
          connecHigh: null,
          connecListing: null,
          sweep: null,
          appVersions: null,
          appAnchors: [],
          connecAnchors: [],
        },
      });
    });
  }

  /**
   * Has fields written anew whose mapping changed: the values of `from` count as changed in all records, and go to the
   * other side by the next runs, under the brake. Pause the entity before to look at `plan()` first.
   */
  async remap(entity: string, fields: readonly string[], from: SyncSide): Promise<void> {
    const { rules, lists } = this.engine.entity(entity);
    const known = new Set([...rules, ...lists].map(({ name }) => name));
    for (const name of fields) if (!known.has(name)) throw wrongRecord({ entity }, `has no field "${name}"`);
    const { store } = this;
    const { scope } = this.sides;
    await this.#exclusively(entity, (guard) => remapFields({ store, scope, guard }, entity, fields, from));
  }

  /** Lists both sides again from the beginning; bases are kept, so that equal records cost a comparison. */
  async resync(entity: string): Promise<void> {
    await this.#stream(entity, (stream) => ({
      ...stream,
      appCursor: null,
      connecHigh: null,
      connecListing: null,
      sweep: null,
      sweptAt: stream.sweptAt === null ? null : 0,
    }));
  }

  /** The application says that it deleted the record: Connec!'s is archived without waiting for lists. */
  async deleted(entity: string, appId: string): Promise<void> {
    await this.#change({ entity, app: appId }, (link) => asGone(link, Date.now()));
  }

  /**
   * Forgets a person's record, on request of that person: everything that is kept of the pair goes, and digests of its two ids stay,
   * by which it is not taken for a new one. The application's record is yours to erase. `archive` archives the record at Connec!,
   * `unlink` leaves it as it is.
   *
   * @throws MaestranoSyncError `sync.sideAway`, `sync.rejectedByConnec`: nothing was erased
   */
  async erase(
    ref: SyncRecordRef,
    { connec }: { readonly connec: 'archive' | 'unlink' },
  ): Promise<SyncErasure> {
    const definition = this.engine.entity(ref.entity);
    return this.#exclusively(ref.entity, async (guard) => {
      const link = (await erasing(this.store, this.sides.scope, ref)) ?? (await this.#link(ref));
      return eraseLink({ sides: this.sides, guard, entity: definition }, link, connec);
    });
  }

  /** What `erase` comes to for a record. Changes nothing. */
  async erasable(
    ref: SyncRecordRef,
    { connec }: { readonly connec: 'archive' | 'unlink' },
  ): Promise<SyncErasable> {
    await this.#known(ref.entity);
    const link = (await erasing(this.store, this.sides.scope, ref)) ?? (await this.#link(ref));
    const history = await this.store.history(this.sides.scope, ref.entity, link.key, LIMIT);
    return {
      app: link.app.id,
      connec: link.connec.id,
      archives: connec === 'archive' && link.connec.id !== null,
      history: history.length,
    };
  }

  /** That the entity is declared, and something is known of the group. Writes nothing. */
  async #known(entity: string): Promise<void> {
    this.engine.entity(entity);
    await checkKnownGroup(this.store, this.sides.scope, this.engine.names);
  }

  async #stream(
    entity: string,
    change: (stream: SyncStream) => SyncStream,
    how: { readonly mayBeNew?: boolean } = {},
  ): Promise<void> {
    const work = async (guard: HeldLease): Promise<void> => {
      const stream = await guard.stream(entity);
      await guard.commit({ entity, stream: change(stream) });
    };
    await this.#exclusively(entity, work, how);
  }

  async #change(ref: SyncRecordRef, change: (link: SyncLink) => SyncLink | Promise<SyncLink>): Promise<void> {
    await this.#exclusively(ref.entity, async (guard) => {
      await guard.commit({ entity: ref.entity, links: [await change(await this.#link(ref))] });
    });
  }

  async #link(ref: SyncRecordRef): Promise<SyncLink> {
    const [link] = await this.store.links(this.sides.scope, ref.entity, [recordRef(ref)]);
    if (!link) throw unknownRecord(ref);
    return link;
  }

  /** @param mayBeNew whether it may be what is known first of the group */
  async #exclusively<T>(
    entity: string,
    work: (guard: HeldLease) => Promise<T>,
    { mayBeNew = false }: { readonly mayBeNew?: boolean } = {},
  ): Promise<T> {
    // Before the lease: its row would be the first that is kept of a group that is none.
    if (mayBeNew) this.engine.entity(entity);
    else await this.#known(entity);
    for (let count = 0; count < TRIES; count += 1) {
      const done = await this.engine.exclusively(this.sides, async (guard) => ({ value: await work(guard) }));
      if (done) return done.value;
      await pause(PAUSE);
    }
    const { marketplace, group } = this.sides.scope;
    throw new MaestranoSyncError('sync.busy', { marketplace, group });
  }
}
