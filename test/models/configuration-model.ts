import { setImmediate as turn } from 'node:timers/promises';

import { createMarketplaceLoader } from '../../src/marketplace/marketplace.providers.js';
import type { MarketplaceLoader } from '../../src/marketplace/marketplace-loader.js';
import type { ConfigurationFetcher } from '../../src/marketplace/sources/developer-platform.source.js';
import { MarketplaceSource } from '../../src/marketplace/sources/marketplace-source.js';
import { MemoryStore } from '../../src/stores/memory-store.js';
import { marketplaceInput } from '../support/marketplaces.js';
import { settingsOf } from '../support/settings.js';
import { type Machine, type Replica, searchMachine } from './machine.js';
import type { Scenario } from './scenario.js';
import { search, seeded, type System, type Turns } from './search.js';
import { clock } from './virtual-clock.js';

const TICK_MS = 600_000;
/** A retired key holds for one tick and a half, a marketplace that vanished for two and a half. */
const [OVERLAP, GRACE] = [3, 5];

const KEYS = ['key-1', 'key-2', 'key-3'];

/** What the platform says of a marketplace: its key; that something is wrong with it; or nothing. */
type Said = (typeof KEYS)[number] | 'broken' | null;

/** Half an hour of nothing, or another response, whose marketplaces may be none. */
type Event = 'tick' | 'failure' | 'garbage' | { readonly a: Said; readonly b: Said };

/** What is served of a marketplace. */
interface Served {
  readonly key: string;
  /** Keys that were replaced, newest first, and for how many halves of a tick they still hold. */
  readonly past: readonly { readonly key: string; readonly left: number }[];
  /** How much longer it is served although the platform says nothing of it any more; null while it does. */
  readonly left: number | null;
}

type Name = 'a' | 'b';
type State = Readonly<Record<Name, Served | null>>;

const NAMES = ['a', 'b'] as const;

/**
 * What worked stays in force: a marketplace goes when it was not named for the time of grace, and never since something
 * failed. The keys it had hold on for the time of overlap.
 */
const SERVED: Machine<State, Event> = {
  start: { a: null, b: null },
  events: [
    'tick',
    'failure',
    'garbage',
    ...KEYS.flatMap((key): Event[] => [
      { a: key, b: 'key-1' },
      { a: key, b: null },
    ]),
    { a: 'broken', b: 'key-1' },
    { a: null, b: 'key-1' },
    { a: null, b: null },
  ],
  tail: ['tick', 'tick', 'tick'],
  next(state, event) {
    if (event === 'failure' || event === 'garbage') return state;
    if (event === 'tick') return each((name) => older(state[name]));
    // An empty list is no configuration.
    if (event.a === null && event.b === null) return state;
    return each((name) => told(state[name], event[name]));
  },
  seen: (state) =>
    NAMES.flatMap((name) => {
      const served = state[name];
      return served ? [[name, [served.key, ...served.past.map(({ key }) => key)]]] : [];
    }),
};

function each(next: (name: Name) => Served | null): State {
  return { a: next('a'), b: next('b') };
}

function older(served: Served | null): Served | null {
  if (served === null || (served.left !== null && served.left <= 2)) return null;
  const past = served.past.flatMap(({ key, left }) => (left > 2 ? [{ key, left: left - 2 }] : []));
  return { ...served, past, left: served.left === null ? null : served.left - 2 };
}

function told(served: Served | null, said: Said): Served | null {
  if (said === null) return served && { ...served, left: served.left ?? GRACE };
  if (said === 'broken') return served && { ...served, left: null };
  if (served === null) return { key: said, past: [], left: null };
  const before = served.key === said ? [] : [{ key: served.key, left: OVERLAP }];
  const past = [...before, ...served.past.filter(({ key }) => key !== said)];
  return { key: said, past, left: null };
}

/** Brings what it is told to. */
class Platform extends MarketplaceSource {
  body: unknown = new Error('the platform does not respond');

  override load(): Promise<unknown> {
    return this.body instanceof Error ? Promise.reject(this.body) : Promise.resolve(this.body);
  }

  say(event: Exclude<Event, 'tick'>): void {
    if (event === 'failure') this.body = new Error('the platform does not respond');
    else if (event === 'garbage') this.body = { error: 'maintenance' };
    else this.body = NAMES.flatMap((name) => entryOf(name, event[name]));
  }
}

function entryOf(name: Name, said: Said): unknown[] {
  if (said === null) return [];
  if (said === 'broken') return [{ ...marketplaceInput(name), app: { host: 'broken' } }];
  return [marketplaceInput(name, { api: { key: said } })];
}

function loaderOf(source: MarketplaceSource): MarketplaceLoader {
  const refresh = {
    intervalMs: 0,
    startEmpty: true,
    bootDeadlineMs: 1,
    rotationOverlapMs: (OVERLAP * TICK_MS) / 2,
    vanishedGraceMs: (GRACE * TICK_MS) / 2,
  };
  const settings = settingsOf({ developerPlatform: false, refresh }).marketplace;
  return createMarketplaceLoader(settings, null as unknown as ConfigurationFetcher, { source });
}

async function replica(): Promise<Replica<Event>> {
  const platform = new Platform();
  const loader = loaderOf(platform);
  await loader.start();
  const { registry } = loader;
  return {
    async apply(event) {
      const before = registry.snapshot;
      const text = JSON.stringify([...before.marketplaces]);
      if (event === 'tick') await letPass(TICK_MS);
      else {
        platform.say(event);
        await loader.refresh();
        if (registry.snapshot.version > before.version + 1) return 'a change in several steps';
      }
      if (JSON.stringify([...before.marketplaces]) !== text) return 'a snapshot that changed';
      const names = registry.list().map(({ name }) => name);
      return names.toSorted().map((name) => {
        const proves = (key: string): boolean =>
          registry.findByCredentials(`app-${name}`, key)?.name === name;
        const { keys } = registry.get(name).api;
        const held = keys.map((key) => key.reveal());
        return [name, held.every(proves) && KEYS.filter(proves).length === held.length ? held : 'other keys'];
      });
    },
    close: () => loader.onModuleDestroy(),
  };
}

/** Lets the loader's own timer do what it does. */
async function letPass(ms: number): Promise<void> {
  const until = clock.now + ms;
  for (let next = clock.next; next !== null && next <= until; next = clock.next) {
    clock.toNext();
    await turn();
  }
  clock.now = until;
}

/** A source whose requests and responses take their time. */
class SlowPlatform extends MarketplaceSource {
  key = 0;

  constructor(private readonly turns: () => Turns) {
    super();
  }

  override async load(): Promise<unknown> {
    await this.turns().step();
    const body = [marketplaceInput('a', { api: { key: KEYS[this.key] } })];
    await this.turns().step();
    this.turns().learn(this.key);
    return body;
  }
}

/** Several people rotate the key and refresh, while others refresh as well: who did sees what he did, and it stays. */
function refreshes(rotations: number, others: number): System {
  let network: Turns | null = null;
  let left = rotations + others;
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const platform = new SlowPlatform(() => network!);
  const loader = loaderOf(platform);
  const present = (): string | undefined => loader.registry.find('a')?.api.keys[0]?.reveal();
  const person = (name: string, rotates: boolean): System['processes'][number] => ({
    name,
    async run(turns) {
      await turns.step();
      const wanted = rotates ? (platform.key += 1) : platform.key;
      await loader.refresh();
      const key = present();
      if (key === undefined || KEYS.indexOf(key) < wanted)
        throw new Error(`after a refresh ${key} is in force instead of ${KEYS[wanted]}`);
      turns.learn(key);
      if ((left -= 1) === 0) end();
    },
  });
  return {
    store: new MemoryStore(),
    processes: [
      {
        name: 'network',
        async run(turns) {
          network = turns;
          await ended;
        },
      },
      ...Array.from({ length: rotations }, (_unused, index) => person(`operator ${index}`, true)),
      ...Array.from({ length: others }, (_unused, index) => person(`timer ${index}`, false)),
    ],
    state: () => [platform.key, present(), left],
    check() {
      if (present() !== KEYS[platform.key]) throw new Error(`${present()} is in force`);
    },
  };
}

const ALL = { most: 500_000 };

export const CONFIGURATION: readonly Scenario[] = [
  {
    name: 'responses, failures, rotations, time',
    whole: 'full',
    search: (full) => searchMachine(SERVED, replica, { depth: full ? 20 : 2, ...ALL }),
  },
  {
    name: 'the same, long histories',
    whole: 'never',
    search: (full) => searchMachine(SERVED, replica, { depth: 60, most: full ? 300 : 8, random: seeded(24) }),
  },
  {
    name: 'rotations while others refresh',
    whole: 'always',
    search: () => search(() => refreshes(1, 1), ALL),
  },
  {
    name: 'two rotations, two others',
    whole: 'full',
    search: (full) => search(() => refreshes(2, full ? 2 : 1), full ? ALL : { most: 50, random: seeded(2) }),
  },
];
