import { Body, Controller, HttpCode, Injectable, Post, UseGuards } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Pool } from 'undici';

import { ConnecService } from '../src/connec/connec.service.js';
import { MaestranoModule } from '../src/index.js';
import { syncEntity } from '../src/sync/fields/sync-entity.js';
import { MaestranoSync, MaestranoSyncModule } from '../src/sync/index.js';
import { AUTHORIZATION, HandWrittenGuard, marketplacesAt } from './by-hand.js';
import type { ProbeBench, ProbeValue } from './harness.js';
import { openStore } from './sync-bench-store.js';
import { type BenchContact, BenchContacts } from './sync-contacts.js';
import { inWorld, later, OPEN, OWNER, type World } from './sync-world.js';

/** Milliseconds that Connec! thinks. */
const LATENCY_MS = 5;
/** Records of a company. */
const RECORDS = 100;
/** Seconds by Connec!'s clock between two changes: the listing of a run shows the one that changed, and none before it. */
const APART = 3_600;

type HttpAdapter = 'express' | 'fastify';

/** A record as a notification has it. */
interface Notified {
  readonly id: string;
  readonly group_id: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly updated_at: string;
}

/** A record as Connec! shows it to a client that asks for external ids. */
type Shown = Omit<Notified, 'id' | 'group_id'> & {
  readonly id: readonly { readonly id: string; readonly provider: string }[];
};

/** A table of the application, which says when a row has a new value. */
class WatchedContacts extends BenchContacts {
  #written: ((row: BenchContact) => void) | null = null;

  /** Resolves with the time at which a row has the first name. */
  until(firstName: string): Promise<number> {
    return new Promise((resolve) => {
      this.#written = (row) => {
        if (row.firstName === firstName) resolve(performance.now());
      };
    });
  }

  override edit(...given: Parameters<BenchContacts['edit']>): BenchContact {
    const row = super.edit(...given);
    this.#written?.(row);
    return row;
  }
}

/** Rows by Connec!'s ids, as an application keeps them that only listens. */
@Injectable()
class ListenersTable extends WatchedContacts {
  readonly #ids = new Map<string, number>();

  hear({ id, first_name, last_name }: Notified): void {
    const values = { firstName: first_name, lastName: last_name };
    const known = this.#ids.get(id);
    if (known === undefined) this.#ids.set(id, this.add(values).id);
    else this.edit(known, values);
  }
}

/** By hand: what the notification says is written at once, whatever anybody did to the row meanwhile. */
@Controller('by-hand')
@UseGuards(HandWrittenGuard)
class HandWrittenController {
  constructor(private readonly table: ListenersTable) {}

  @Post()
  @HttpCode(200)
  take(@Body() body: { readonly people: readonly Notified[] }): object {
    for (const person of body.people) this.table.hear(person);
    return { success: true };
  }
}

/** One of the two ways of a notification: where it goes, and the table that it is to reach. */
interface Way {
  readonly path: string;
  readonly group: string;
  readonly table: WatchedContacts;
}

/** What one notification took. */
interface Trial {
  /** Milliseconds from the request until the row was written. */
  readonly tookMs: number;
  /** Statements of the store until then. */
  readonly statements: number;
  /** Requests to Connec!, until everything that followed was over. */
  readonly requests: number;
}

/** An application that has both ways, listening on a port. */
class Application {
  readonly #client: Pool;
  readonly #sync: MaestranoSync;
  readonly #ids = new Map<Way, readonly string[]>();
  #trials = 0;

  private constructor(
    private readonly world: World,
    private readonly app: INestApplication,
    url: string,
    private readonly statements: () => number | null,
    readonly synchronized: Way,
    readonly byHand: Way,
  ) {
    this.#client = new Pool(url, { connections: 1 });
    this.#sync = app.get(MaestranoSync);
  }

  static async start(world: World, httpAdapter: HttpAdapter): Promise<Application> {
    const { store, statements } = await openStore();
    const table = new WatchedContacts();
    const module = {
      module: class BenchModule {},
      imports: [
        MaestranoModule.forRoot({ marketplaces: marketplacesAt(world.url) }),
        MaestranoSyncModule.forRoot({
          store,
          owner: OWNER,
          entities: [
            syncEntity('people', table, { fields: { first_name: 'firstName', last_name: 'lastName' } }),
          ],
          schedule: 'off',
          firstRun: 'apply',
          brake: OPEN,
        }),
      ],
      controllers: [HandWrittenController],
      providers: [ListenersTable],
    };
    const adapter = httpAdapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    const app = await NestFactory.create(module, adapter, { logger: ['error'] });
    await app.listen(0, '127.0.0.1');
    const application = new Application(
      world,
      app,
      await app.getUrl(),
      statements,
      { path: '/maestrano/connec/notifications/uat', group: 'cld-sync', table },
      { path: '/by-hand', group: 'cld-by-hand', table: app.get(ListenersTable) },
    );
    await application.#fill();
    return application;
  }

  /** Both tables have what Connec! has, and the synchronization has come to rest. */
  async #fill(): Promise<void> {
    for (const way of [this.synchronized, this.byHand]) {
      await this.world.control({ group: way.group, make: RECORDS });
      const { data } = await this.world.plain.get<{ people: Shown[] }>(`/api/v2/${way.group}/people`);
      const people = data.people.map((person) => ({ ...person, id: connecId(person), group_id: way.group }));
      this.#ids.set(
        way,
        people.map(({ id }) => id),
      );
      if (way.table instanceof ListenersTable) for (const person of people) way.table.hear(person);
    }
    for (let count = 0; count < 3; count += 1) {
      const { errors } = await this.#sync.run({ marketplace: 'uat', groupUid: this.synchronized.group });
      if (errors[0]) throw errors[0];
      later();
    }
    await this.world.control({ passed: APART });
  }

  /** A record changes at Connec!, which says so: how long until the table has it. */
  async notified(way: Way): Promise<Trial> {
    const { path, group, table } = way;
    const id = this.#nextId(way);
    const name = `Changed ${this.#trials}`;
    const { data } = await this.world.plain.put<{ people: Shown }>(`/api/v2/${group}/people/${id}`, {
      people: { first_name: name },
    });
    await this.world.control({});
    const before = this.statements() ?? 0;
    const written = table.until(name).then((at) => ({ at, statements: (this.statements() ?? 0) - before }));
    const began = performance.now();
    await this.#post(path, { people: [{ ...data.people, id, group_id: group }] });
    const { at, statements } = await written;
    await this.#sync.idle();
    const { requests } = await this.world.control({ passed: APART });
    return { tookMs: at - began, statements, requests };
  }

  /** Milliseconds of one record read from Connec!. */
  async read(): Promise<number> {
    const client = this.app.get(ConnecService).for(this.byHand.group, 'uat', { externalIds: true });
    const id = this.#nextId(this.byHand);
    const began = performance.now();
    await client.get('people', id);
    return performance.now() - began;
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.app.close();
  }

  #nextId(way: Way): string {
    this.#trials += 1;
    return this.#ids.get(way)![this.#trials % RECORDS]!;
  }

  async #post(path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json', authorization: AUTHORIZATION };
    const response = await this.#client.request({
      path,
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    const text = await response.body.text();
    if (response.statusCode !== 200)
      throw new Error(`${path} responded with ${response.statusCode}: ${text}`);
  }
}

function connecId({ id }: Shown): string {
  return id.find(({ provider }) => provider === 'connec')!.id;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
}

async function ways(
  world: World,
  httpAdapter: HttpAdapter,
  trials: number,
): Promise<Record<string, ProbeValue>> {
  const application = await Application.start(world, httpAdapter);
  const [byHand, ours, reads]: [number[], Trial[], number[]] = [[], [], []];
  try {
    // The first half is for the compiler.
    for (let count = -trials; count < trials; count += 1) {
      const hand = await application.notified(application.byHand);
      const one = await application.notified(application.synchronized);
      const read = await application.read();
      if (count < 0) continue;
      byHand.push(hand.tookMs);
      ours.push(one);
      reads.push(read);
    }
  } finally {
    await application.close();
  }
  const [hand, read] = [median(byHand), median(reads)];
  const took = median(ours.map(({ tookMs }) => tookMs));
  return {
    'by hand, p50': { value: hand, unit: 'ms' },
    [`one read of Connec!, which thinks for ${LATENCY_MS} ms, p50`]: { value: read, unit: 'ms' },
    'synchronized, p50': { value: took, unit: 'ms' },
    'synchronized less one read, over by hand': {
      value: (took - read) / hand,
      unit: 'x',
      goal: { atMost: 1.5 },
    },
    'requests to Connec!': { value: median(ours.map(({ requests }) => requests)), unit: '' },
    'statements until the row is written': {
      value: median(ours.map(({ statements }) => statements)),
      unit: '',
    },
  };
}

/** The way of a notification to the application's table, against a controller that writes what it says at once. */
export function syncNotificationBench(httpAdapter: HttpAdapter): ProbeBench {
  return {
    name: `from a notification to the row of the table, on ${httpAdapter}`,
    probe: ({ short }) => inWorld((world) => ways(world, httpAdapter, short ? 2 : 200), LATENCY_MS),
  };
}
