import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { join } from 'node:path';

import axios, { type AxiosInstance } from 'axios';

import { ConnecClient } from '../src/connec/client/connec-client.js';
import { MaestranoHttp } from '../src/http/maestrano-http.service.js';
import { normaliseMarketplaces } from '../src/marketplace/marketplace-normaliser.js';
import { resolveSettings } from '../src/settings/maestrano-settings.js';
import { ConnecClientRecords } from '../src/sync/connec/connec-client-records.js';
import type { GroupSides } from '../src/sync/engine/sync-engine.js';
import { marketplacesAt } from './by-hand.js';

/** Whose ids the application's are at Connec!. */
export const OWNER = { provider: 'bench', realm: 'main' };
const SETTINGS = resolveSettings({}, { environment: {} });
/** Brakes are for accidents; here everything changes on purpose. */
export const OPEN = { floor: 1e9, share: 1, ceiling: 1e9 };

/** What Connec! counted since it was asked last. */
export interface Control {
  readonly requests: number;
  readonly writes: number;
  /** Of the group, at present. */
  readonly records: number;
  readonly reached: readonly Reached[];
}

/** A change whose value says when it was made, and how long it took to arrive; milliseconds of the machine's clock. */
export type Reached = readonly [at: number, tookMs: number];

/** Connec! in a process of its own, the engine's client, and a plain one for the naive loop. */
export class World {
  private constructor(
    readonly url: string,
    private readonly child: { kill(): boolean },
    private readonly http: MaestranoHttp,
    readonly plain: AxiosInstance,
  ) {}

  /** @param latencyMs that Connec! thinks before it responds; none by default */
  static async start(latencyMs = 0): Promise<World> {
    const child = fork(join(import.meta.dirname, 'sync-connec-server.mjs'), [String(latencyMs)], {
      // What limits the measured process is not for the server.
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const url = `http://127.0.0.1:${port}`;
    const plain = axios.create({ baseURL: url, httpAgent: new Agent({ keepAlive: true }) });
    const world = new World(url, child, new MaestranoHttp(SETTINGS.http), plain);
    // The client loads its libraries with the first call: a start-up, not a synchronization.
    await world.sides('nobody').connec.get('people', ['none']);
    return world;
  }

  async control(body: object): Promise<Control> {
    return (await this.plain.post<Control>('/control', body)).data;
  }

  sides(group: string): GroupSides {
    const { marketplaces } = normaliseMarketplaces(marketplacesAt(this.url));
    const settings = { ...SETTINGS.connec.client, externalIds: true };
    const client = new ConnecClient(this.http, marketplaces[0]!, group, settings);
    return {
      scope: { app: 'bench', marketplace: 'uat', group },
      connec: new ConnecClientRecords(client, OWNER),
      owner: OWNER,
      tenant: group,
      executor: null,
    };
  }

  async close(): Promise<void> {
    await this.http.onApplicationShutdown();
    this.child.kill();
  }
}

const HOUR = 3_600_000;
let ahead = 0;

/** The clock of the machine; that of the engine may be ahead of it. */
export const realNow = Date.now;
Date.now = () => realNow() + ahead;

/** Time passes by the clock of the engine: an hour by default, as between two runs of a company. */
export function later(ms = HOUR): void {
  ahead += ms;
}

/** A value that says when it was made. */
export function madeNow(): string {
  return `at ${realNow()}`;
}

/** When a value was made; null for one that does not say. */
export function madeAt(value: string | undefined): number | null {
  return value?.startsWith('at ') ? Number(value.slice(3)) : null;
}

/** Some work with a Connec! of its own. */
export async function inWorld<T>(work: (world: World) => Promise<T>, latencyMs = 0): Promise<T> {
  const world = await World.start(latencyMs);
  try {
    return await work(world);
  } finally {
    await world.close();
  }
}
