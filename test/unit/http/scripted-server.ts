import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server saw of a request. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answerer = (request: SeenRequest, response: ServerResponse, raw: IncomingMessage) => void;

/** A plain HTTP server that a test scripts, with everything it received. */
export class ScriptedServer {
  readonly seen: SeenRequest[] = [];
  answer: Answerer = (_request, response) => void response.end('{}');
  readonly #server: Server = createServer((raw, response) => {
    const chunks: Buffer[] = [];
    raw.on('data', (chunk: Buffer) => chunks.push(chunk));
    raw.on('error', () => undefined);
    raw.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const request = { method: raw.method ?? '', url: raw.url ?? '', headers: raw.headers, body };
      this.seen.push(request);
      this.answer(request, response, raw);
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

/** Answers with a status, a body and headers. */
export function reply(status: number, body = '', headers: Record<string, string> = {}): Answerer {
  return (_request, response) => void response.writeHead(status, headers).end(body);
}

/** Answers one after the other, then the last one for ever. */
export function script(...answers: Answerer[]): Answerer {
  let next = 0;
  return (request, response, raw) => answers[Math.min(next++, answers.length - 1)]?.(request, response, raw);
}

/** Never answers. */
export const hang: Answerer = () => undefined;

/** Closes the connection without an answer. */
export const reset: Answerer = (_request, _response, raw) => void raw.socket.resetAndDestroy();
