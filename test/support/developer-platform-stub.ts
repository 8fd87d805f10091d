import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Responds to one request. */
export type StubResponse = (request: IncomingMessage, response: ServerResponse) => void;

/** A developer platform of the test's own: a plain HTTP server that responds as the test says. */
export class DeveloperPlatformStub {
  readonly requests: { url: string; headers: IncomingMessage['headers'] }[] = [];
  response: StubResponse = json({ marketplaces: [] });
  readonly #server: Server = createServer((request, response) => {
    this.requests.push({ url: request.url ?? '', headers: request.headers });
    this.response(request, response);
  });
  #port = 0;

  get host(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** Responds with a body as JSON. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): StubResponse {
  return text(JSON.stringify(body), status, { 'content-type': 'application/json', ...headers });
}

/** Responds with a body as it is. */
export function text(body: string, status = 200, headers: Record<string, string> = {}): StubResponse {
  return (_, response) => response.writeHead(status, headers).end(body);
}

/** Never responds. */
export const silence: StubResponse = () => undefined;
