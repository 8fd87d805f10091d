import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server saw of a request. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Responder = (request: SeenRequest, response: ServerResponse, raw: IncomingMessage) => void;

/** A plain HTTP server that a test scripts, with everything it received. */
export class ScriptedServer {
  readonly seen: SeenRequest[] = [];
  respond: Responder = (_request, response) => void response.end('{}');
  readonly #server: Server = createServer((raw, response) => {
    const chunks: Buffer[] = [];
    raw.on('data', (chunk: Buffer) => chunks.push(chunk));
    raw.on('error', () => undefined);
    raw.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const request = { method: raw.method ?? '', url: raw.url ?? '', headers: raw.headers, body };
      this.seen.push(request);
      this.respond(request, response, raw);
    });
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Responds with a status, a body and headers. */
export function reply(status: number, body = '', headers: Record<string, string> = {}): Responder {
  return (_request, response) => void response.writeHead(status, headers).end(body);
}

/** Responds with one after the other, then the last one for ever. */
export function script(...responses: Responder[]): Responder {
  let next = 0;
  return (request, response, raw) =>
    responses[Math.min(next++, responses.length - 1)]?.(request, response, raw);
}

/** Never responds. */
export const hang: Responder = () => undefined;

/** Closes the connection without a response. */
export const reset: Responder = (_request, _response, raw) => void raw.socket.resetAndDestroy();
