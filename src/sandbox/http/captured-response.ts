import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** A response held back before it goes out. */
export interface HeldResponse {
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

/** The two ways in which a held response can go out. */
export interface ResponseOutlet {
  send(captured: HeldResponse): void;
  /** Promises the whole body, sends the first bytes of it and drops the connection. */
  breakOff(captured: HeldResponse, bytes: number): void;
}

/**
 * Holds back what a handler responds with until it is complete, then hands it over with the means to send it. Works below
 * Express and Fastify alike, on node's own response, because a fault may have to break what they would repair.
 */
export function captureResponse(
  response: ServerResponse,
  complete: (captured: HeldResponse, outlet: ResponseOutlet) => void,
): void {
  const chunks: Buffer[] = [];
  const original = {
    writeHead: response.writeHead.bind(response),
    write: response.write.bind(response),
    end: response.end.bind(response),
  };
  const head = ({ status, headers }: HeldResponse, length: number | null): void => {
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    const { 'content-length': _length, 'transfer-encoding': _encoding, ...others } = headers;
    original.writeHead(status, length === null ? others : { ...others, 'content-length': length });
  };
  const outlet: ResponseOutlet = {
    send(captured) {
      const bodiless = captured.status === 204 || captured.status === 304;
      head(captured, bodiless ? null : captured.body.length);
      original.end(bodiless ? undefined : captured.body);
    },
    breakOff(captured, bytes) {
      head(captured, captured.body.length);
      original.write(captured.body.subarray(0, bytes), () => response.socket?.destroy());
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
