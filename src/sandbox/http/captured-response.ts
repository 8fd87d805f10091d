import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** An answer held back before it goes out. */
export interface HeldAnswer {
  status: number;
  headers: OutgoingHttpHeaders;
  body: Buffer;
}

type Chunk = string | Uint8Array | (() => void) | null | undefined;

function toBuffer(chunk: Chunk, encoding: unknown): Buffer | null {
  if (typeof chunk === 'string') {
    return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  }
  return chunk instanceof Uint8Array ? Buffer.from(chunk) : null;
}

/**
 * Holds back what a handler answers until it is complete, then hands it over with the means to send it. Works below
 * Express and Fastify alike, on node's own response, because a fault may have to break what they would repair.
 */
export function captureResponse(
  response: ServerResponse,
  complete: (answer: HeldAnswer, send: (answer: HeldAnswer) => void) => void,
): void {
  const chunks: Buffer[] = [];
  const original = {
    writeHead: response.writeHead.bind(response),
    end: response.end.bind(response),
  };

  const hold = (chunk: Chunk, encoding: unknown): void => {
    const buffer = toBuffer(chunk, encoding);
    if (buffer) chunks.push(buffer);
  };
  const overrides = {
    writeHead(status: number, ...rest: unknown[]) {
      response.statusCode = status;
      const headers = rest.find((part) => typeof part === 'object' && part !== null) as
        OutgoingHttpHeaders | undefined;
      for (const [name, value] of Object.entries(headers ?? {})) {
        if (value !== undefined) response.setHeader(name, value);
      }
      return response;
    },
    write(chunk: Chunk, encoding?: unknown) {
      hold(chunk, encoding);
      return true;
    },
    end(chunk?: Chunk, encoding?: unknown) {
      hold(chunk, encoding);
      const answer = {
        status: response.statusCode,
        headers: { ...response.getHeaders() },
        body: Buffer.concat(chunks),
      };
      complete(answer, (final) => {
        for (const name of response.getHeaderNames()) response.removeHeader(name);
        original.writeHead(final.status, final.headers);
        original.end(final.body);
      });
      return response;
    },
  };
  Object.assign(response, overrides);
}
