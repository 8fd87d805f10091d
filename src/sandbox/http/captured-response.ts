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

/** The two ways in which a held answer can go out. */
export interface AnswerOutlet {
  send(answer: HeldAnswer): void;
  /** Promises the whole body, sends the first bytes of it and drops the connection. */
  breakOff(answer: HeldAnswer, bytes: number): void;
}

/**
 * Holds back what a handler answers until it is complete, then hands it over with the means to send it. Works below
 * Express and Fastify alike, on node's own response, because a fault may have to break what they would repair.
 */
export function captureResponse(
  response: ServerResponse,
  complete: (answer: HeldAnswer, outlet: AnswerOutlet) => void,
): void {
  const chunks: Buffer[] = [];
  const original = {
    writeHead: response.writeHead.bind(response),
    write: response.write.bind(response),
    end: response.end.bind(response),
  };
  const head = ({ status, headers }: HeldAnswer, length: number | null): void => {
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    const { 'content-length': _length, 'transfer-encoding': _encoding, ...others } = headers;
    original.writeHead(status, length === null ? others : { ...others, 'content-length': length });
  };
  const outlet: AnswerOutlet = {
    send(answer) {
      const bodiless = answer.status === 204 || answer.status === 304;
      head(answer, bodiless ? null : answer.body.length);
      original.end(bodiless ? undefined : answer.body);
    },
    breakOff(answer, bytes) {
      head(answer, answer.body.length);
      original.write(answer.body.subarray(0, bytes), () => response.socket?.destroy());
    },
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
      const headers = { ...response.getHeaders() };
      complete({ status: response.statusCode, headers, body: Buffer.concat(chunks) }, outlet);
      return response;
    },
  };
  Object.assign(response, overrides);
}
