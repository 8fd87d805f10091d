import type { IncomingMessage, ServerResponse } from 'node:http';

import { ScriptedServer } from '../../unit/http/scripted-server.js';

/** A record as the marketplace keeps it. */
export type KeptRecord = Readonly<Record<string, unknown>> & { readonly id: string };

/**
 * What becomes of a creation: carried out or not, and what the client sees of it. `late` is carried out `lateMs` after
 * the client's connection is closed; `page` and `denied` are a proxy's, which handed the request on all the same.
 */
export type Fate =
  | 'answer'
  | 'drop'
  | 'lose'
  | 'late'
  | 'page'
  | 'denied'
  | 'notFound'
  | 'tooMany'
  | 'error'
  | 'reject'
  | 'hang';

/** How a server may change what it keeps. */
export const ALTERATIONS = {
  shortens: (text: string) => Array.from(text).slice(0, 255).join(''),
  dropsSeparators: (text: string) => text.replaceAll(/[\u2028\u2029]/gu, ''),
  escapes: (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
  trims: (text: string) => text.trim(),
  upperCases: (text: string) => text.toUpperCase(),
  asciiOnly: (text: string) => text.replaceAll(/[^ -~]/gu, '?'),
} as const;

/** A marketplace's Account API for charges, which changes what it keeps and fails as it is told. */
export class AlteringMarketplace {
  readonly server = new ScriptedServer();
  /** What it keeps, in the order of its creation. */
  readonly kept: KeptRecord[] = [];
  /** What was sent for each record, by its id. */
  readonly sent = new Map<string, Readonly<Record<string, unknown>>>();
  /** What becomes of the next creations; `answer` when there are no more. */
  fates: Fate[] = [];
  fate: () => Fate = () => this.fates.shift() ?? 'answer';
  /** Whether the next list fails, as behind a proxy that is in trouble. */
  listFails: () => boolean = () => false;
  lateMs = 0;
  description: (text: string) => string = (text) => text;
  currency: string | null = null;
  #created = 0;

  async start(): Promise<this> {
    this.server.respond = (request, response, raw) => {
      if (request.method === 'POST') this.#create(request.body, request.url, response, raw);
      else this.#show(request.url, response);
    };
    await this.server.start();
    return this;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  get url(): string {
    return this.server.url;
  }

  /** Requests to create something. */
  get creations(): number {
    return this.server.seen.filter(({ method }) => method === 'POST').length;
  }

  /** Keeps a charge that nobody sent to us. */
  add(record: Readonly<Record<string, unknown>>, resource = 'bills'): KeptRecord {
    const description = this.description(String(record.description));
    const changed = this.currency === null ? {} : { currency: this.currency };
    const id = `${resource === 'bills' ? 'bill' : 'rbill'}-${(this.#created += 1)}`;
    const kept: KeptRecord = { ...record, description, ...changed, id, status: 'submitted' };
    this.kept.push(kept);
    this.sent.set(id, record);
    return kept;
  }

  #show(url: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, this.url);
    const [resource = '', id] = pathname.split('/account/')[1]?.split('/') ?? [];
    if (id !== undefined) {
      const found = this.kept.find((record) => record.id === id);
      succeed(response, found ?? {});
    } else if (this.listFails()) respond(response, 502, '<html>bad gateway</html>');
    else {
      const prefix = resource === 'bills' ? 'bill-' : 'rbill-';
      const group = searchParams.get('group_id');
      succeed(
        response,
        this.kept.filter((record) => record.id.startsWith(prefix) && record.group_id === group),
      );
    }
  }

  #create(body: string, url: string, response: ServerResponse, raw: IncomingMessage): void {
    const resource = url.split('/').at(-1) ?? '';
    const apply = (): KeptRecord => this.add(JSON.parse(body) as Record<string, unknown>, resource);
    switch (this.fate()) {
      case 'answer':
        return succeed(response, apply());
      case 'drop':
        apply();
        return void raw.socket.destroy();
      case 'lose':
        return void raw.socket.destroy();
      case 'late':
        return void raw.socket.once('close', () => setTimeout(apply, this.lateMs).unref());
      case 'page':
        apply();
        return respond(response, 200, '<html>Please accept our terms.</html>');
      case 'denied':
        apply();
        return respond(response, 401, '<html>Unauthorized</html>');
      case 'notFound':
        apply();
        return respond(response, 404, '<html>Not found</html>');
      case 'tooMany':
        apply();
        return respond(response, 429, 'slow down');
      case 'error':
        apply();
        return respond(response, 500, JSON.stringify(failure({ system: ['A system error occured.'] })));
      case 'reject':
        return respond(response, 400, JSON.stringify(failure({ group_id: ['cannot be charged'] })));
      case 'hang':
    }
  }
}

function failure(errors: unknown): unknown {
  return { success: false, errors, data: {} };
}

function succeed(response: ServerResponse, data: unknown): void {
  respond(response, 200, JSON.stringify({ success: true, errors: {}, data }));
}

function respond(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status).end(body);
}
