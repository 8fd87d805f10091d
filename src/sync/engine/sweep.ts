import type { ConnecPosition } from '../connec/connec-records.js';
import { dueNow, type SyncLink, type SyncSide, withSide } from '../store/sync-link.js';
import type { SyncSweep } from '../store/sync-listing.js';
import type { SyncCommit } from '../store/sync-store.js';
import { overlapOf } from './connec-position.js';
import { asGone } from './decide.js';
import { seeApp, seeConnec } from './discover.js';
import { forgottenBefore } from './history.js';
import type { Seen } from './link-page.js';
import { readConnec } from './records.js';
import { stopRestored } from './restored.js';
import { isOver, type RunContext } from './run-context.js';

/** Far more pages than there are records. */
const MAX_PAGES = 100_000;

/** Largest overlap that reads of Connec! grow to. */
const MAX_OVERLAP = 86_400_000;

/** Pages of each side that fit into a slice: a company with more records is listed in several. */
const SLICE_PAGES = 100;

/**
 * Lists all records of both sides: finds what polling missed, and records that are not there any more. Only two complete
 * lists that both miss a record, some time apart, make a delete of it. Of a large company a slice lists a part, and the next one
 * goes on.
 */
export async function sweep(context: RunContext): Promise<void> {
  const { store, scope, entity, settings, options, guard } = context;
  const { sweep: begun } = await guard.stream(entity.name);
  const { links } = await store.count(scope, entity.name, context.now());
  const sliced = begun !== null || (options.until !== null && links > SLICE_PAGES * settings.pageSize);
  const listing = new Listing(context, begun ?? newSweep(context.now()), sliced);
  if (!(await listing.app()) || !(await listing.connec()) || !(await listing.compare())) {
    context.unfinished = true;
    return;
  }
  const { found, forgotten, began } = listing.state;
  const stream = await guard.stream(entity.name);
  const holdsNone = forgotten !== null && forgotten > began && settings.history === 'digests';
  const overlap = overlapOf(stream, settings);
  const missed = links > 0 && found.connec > 0;
  await context.guard.commit({
    entity: entity.name,
    stream: {
      ...stream,
      sweep: null,
      appComplete: true,
      connecComplete: true,
      sweptAt: context.now(),
      foundBySweep: links > 0 ? stream.foundBySweep + found.app + found.connec : stream.foundBySweep,
      ...(forgotten === null ? {} : { valuesSince: holdsNone ? null : forgotten }),
      overlapMs: missed ? Math.min(MAX_OVERLAP, overlap * 2) : stream.overlapMs,
    },
  });
}

/** Has the next slice begin a listing of both sides. */
export async function planSweep({ entity, guard, now }: RunContext): Promise<void> {
  const stream = await guard.stream(entity.name);
  if (stream.sweep !== null) return;
  await guard.commit({ entity: entity.name, stream: { ...stream, sweep: newSweep(now()) } });
}

function newSweep(began: number): SyncSweep {
  return {
    began,
    at: 'app',
    after: null,
    newest: 0,
    found: { app: 0, connec: 0 },
    lost: 0,
    forgotten: null,
  };
}

/** Records that were newer than all that are there: so many are no accident. */
const LOST_RECORDS = 2;

/** Until a missing record counts as deleted that had a later version than all that are there: a week. */
const UNSURE_DELETE = 604_800_000;

/** A complete listing of both sides. Each step resolves with whether it came to its end before the slice was over. */
class Listing {
  /** What was listed, where all of it is listed in one slice; marks on the links say it otherwise. */
  readonly #ids = { app: new Set<string>(), connec: new Set<string>() };

  constructor(
    private readonly context: RunContext,
    public state: SyncSweep,
    private readonly sliced: boolean,
  ) {}

  async app(): Promise<boolean> {
    if (this.state.at !== 'app') return true;
    const { source, settings, guard } = this.context;
    for (let count = 0; count < MAX_PAGES; count += 1) {
      await guard.check('app');
      const page = await source.changes(this.state.after, settings.pageSize);
      const shownAt = this.context.now();
      let { newest } = this.state;
      for (const { id, version } of page.records) {
        this.#ids.app.add(id);
        if (typeof version === 'number') newest = Math.max(newest, version);
      }
      const seen = await seeApp(this.context, page.records, 'sweep', this.#mark);
      const next = page.more ? { after: page.cursor } : ({ at: 'connec', after: null } as const);
      await this.#listed('app', seen, shownAt, { newest, ...next });
      if (!page.more) return !this.#isOver;
      if (this.#isOver) return false;
    }
    return false;
  }

  async connec(): Promise<boolean> {
    if (this.state.at !== 'connec') return true;
    const { connec, entity, settings, guard } = this.context;
    const { after } = this.state;
    let position: ConnecPosition = { since: after === null ? null : Number(after), skip: 0 };
    for (let count = 0; count < MAX_PAGES; count += 1) {
      await guard.check('connec');
      const page = await connec.page(entity.resource, position, settings.pageSize);
      const shownAt = this.context.now();
      for (const { id } of page.records) this.#ids.connec.add(id);
      const records = page.records.map((record) => readConnec(entity, record));
      const seen = await seeConnec(this.context, records, 'sweep', this.#mark);
      // Within a stamp nothing is left: its records may have got later ones by the next slice.
      const isWhole = page.next?.skip === 0;
      const next = page.next
        ? { after: isWhole ? String(page.next.since) : this.state.after }
        : ({ at: 'compare', after: null } as const);
      await this.#listed('connec', seen, shownAt, next);
      if (page.next === null) return !this.#isOver;
      if (isWhole && this.#isOver) return false;
      position = page.next;
    }
    return false;
  }

  /** Goes through all links and notes what neither list had. */
  async compare(): Promise<boolean> {
    const { store, scope, entity, settings, guard, source } = this.context;
    const { began, newest } = this.state;
    // The same for all links, whatever the settings of the processes are that go on.
    const forgotten =
      this.state.after === null
        ? forgottenBefore(await guard.stream(entity.name), settings, began)
        : this.state.forgotten;
    for (;;) {
      const { after, lost: before } = this.state;
      const page = await store.page(scope, entity.name, {
        limit: settings.pageSize,
        ...(after === null ? {} : { after }),
      });
      const missing = page.links.filter(
        (link) =>
          link.app.id !== null &&
          link.app.seen &&
          link.gone === null &&
          link.createdAt < began &&
          !this.#has('app', link),
      );
      let lost = before;
      if (entity.source.versions === 'table') {
        lost += missing.filter(({ app }) => typeof app.version === 'number' && app.version > newest).length;
        if (lost >= LOST_RECORDS) await stopRestored(this.context, 'app');
      }
      const there = missing.length === 0 ? new Map() : await source.get(missing.map(({ app }) => app.id!));
      const changed: SyncLink[] = [];
      for (const link of page.links) {
        if (missing.includes(link) && !there.has(link.app.id!))
          changed.push(absent(link, began, newest, this.context));
        else if (link.connec.id !== null && link.createdAt < began && !this.#has('connec', link)) {
          changed.push(dueNow(link, 'sweep', this.context.now()));
        }
      }
      await guard.check();
      const keys = page.links.map(({ key }) => key);
      const forgetValues = forgotten === null ? null : { keys, before: forgotten };
      await this.#save({ links: changed, removed: [] }, { lost, after: page.next, forgotten }, forgetValues);
      if (page.next === null) return true;
      if (this.#isOver) return false;
    }
  }

  /** The mark of what this listing lists; none where it is kept here. */
  get #mark(): number | undefined {
    return this.sliced ? this.state.began : undefined;
  }

  get #isOver(): boolean {
    return this.sliced && isOver(this.context.listUntil);
  }

  #has(side: SyncSide, link: SyncLink): boolean {
    return this.sliced ? link[side].listed === this.state.began : this.#ids[side].has(link[side].id!);
  }

  /** Keeps what a page of the side showed. What is due by it alone, and was not before, polling had not found. */
  async #listed(
    side: SyncSide,
    { links, removed }: Seen,
    shownAt: number,
    changes: Partial<SyncSweep>,
  ): Promise<void> {
    const { found } = this.state;
    const more = links.filter(
      ({ causes, since }) => causes.length === 1 && causes[0] === 'sweep' && (since ?? 0) >= shownAt,
    ).length;
    await this.#save({ links, removed }, { ...changes, found: { ...found, [side]: found[side] + more } });
  }

  /** Keeps changed links, and how far the listing is where it may go on elsewhere. */
  async #save(
    { links, removed }: Seen,
    changes: Partial<SyncSweep>,
    forgetValues: SyncCommit['forgetValues'] | null = null,
  ): Promise<void> {
    this.state = { ...this.state, ...changes };
    const { guard, entity } = this.context;
    const written = { entity: entity.name, links, removed, ...(forgetValues ? { forgetValues } : {}) };
    if (this.sliced) {
      const stream = await guard.stream(entity.name);
      await guard.commit({ ...written, stream: { ...stream, sweep: this.state } });
    } else if (links.length + removed.length > 0 || forgetValues) await guard.commit(written);
  }
}

/**
 * The record was in none of the application's lists: the first time it is noted, the second time it was deleted. Where it
 * had a later version than everything that is there, a restored backup looks the same, and it takes longer.
 */
function absent(
  link: SyncLink,
  begun: number,
  newest: number,
  { entity, settings, now }: RunContext,
): SyncLink {
  const { missingSince, version } = link.app;
  if (missingSince === null) return withSide(link, 'app', { missingSince: begun });
  const unsure = entity.source.versions === 'table' && typeof version === 'number' && version > newest;
  const wait = unsure ? Math.max(UNSURE_DELETE, settings.confirmDeletesMs) : settings.confirmDeletesMs;
  return begun - missingSince < wait ? link : asGone(link, now());
}
