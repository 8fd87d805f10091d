import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import { registeredMarketplace } from './marketplaces.js';

/** One request that the server got. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** What to respond with; a string goes out as it is. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** A Connec! of a few lines that says what a test tells it to. */
export class ConnecServer {
  readonly seen: SeenRequest[] = [];
  readonly #server: Server;
  /** Requests that wait for their response right now, and the most there ever were. */
  open = 0;
  mostOpen = 0;

  private constructor(private reply: (request: SeenRequest) => Reply | Promise<Reply>) {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(response: (request: SeenRequest) => Reply | Promise<Reply>): Promise<ConnecServer> {
    const server = new ConnecServer(response);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A marketplace whose Connec! this is. */
  marketplace(name = 'mart', connec: Record<string, unknown> = {}): Marketplace {
    return registeredMarketplace(name, { connec: { host: this.url, timeout: 5, ...connec } });
  }

  /** Another behaviour from now on. */
  respond(response: (request: SeenRequest) => Reply | Promise<Reply>): void {
    this.reply = response;
    this.seen.length = 0;
    this.mostOpen = 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** A request of an earlier test that comes late must not bring this process down. */
  async #respondTo(request: SeenRequest): Promise<Reply> {
    try {
      return await this.reply(request);
    } catch {
      return { status: 500 };
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // The client hung up.
      this.open -= 1;
      return;
    }
    const text = Buffer.concat(chunks).toString();
    const { method = '', url = '', headers } = request;
    const seen: SeenRequest = { method, url, headers, body: text === '' ? undefined : JSON.parse(text) };
    this.seen.push(seen);
    const { status = 200, headers: extra, body } = await this.#respondTo(seen);
    this.open -= 1;
    response.writeHead(status, { 'content-type': 'application/vnd.api+json', ...extra });
    response.end(typeof body === 'string' ? body : JSON.stringify(body ?? {}));
  }
}

/** Serves a collection as Connec! does: `$top`, `$skip`, and a `next` until the last page. */
export function pageOf(
  request: SeenRequest,
  resource: string,
  records: readonly unknown[],
  host: string,
): { body: Record<string, unknown> } {
  const url = new URL(request.url, host);
  const top = Number(url.searchParams.get('$top') ?? 100);
  const skip = Number(url.searchParams.get('$skip') ?? 0);
  const next = new URL(url);
  next.searchParams.set('$top', String(top));
  next.searchParams.set('$skip', String(skip + top));
  const more = skip + top < records.length;
  return {
    body: {
      [resource]: records.slice(skip, skip + top),
      pagination: { skip, top, total: records.length, ...(more ? { next: next.href } : {}) },
    },
  };
}
