import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** One request of the sandbox to the application. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds; 10 s unless given. */
  readonly timeoutMs?: number;
  /** Where the connection is cut: when the request is out, or after half of its body; not at all unless given. */
  readonly cut?: 'response' | 'body';
}

/** The response of the application. */
export interface IncomingResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly setCookies: readonly string[];
  readonly body: string;
  /** Milliseconds. */
  readonly durationMs: number;
}

/**
 * Sends one request as the marketplace or a browser would: no redirects, no pooled connection that would outlive
 * the sandbox.
 *
 * @throws Error of node's HTTP client when there is no response, or that says where the connection was cut.
 */
export function sendRequest(outgoing: OutgoingRequest): Promise<IncomingResponse> {
  const { method, url, headers = {}, body, timeoutMs = 10_000, cut } = outgoing;
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      {
        method,
        agent: false,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const plain: Record<string, string> = {};
          for (const [name, value] of Object.entries(response.headers)) {
            if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value;
          }
          resolve({
            status: response.statusCode ?? 0,
            headers: plain,
            setCookies: response.headers['set-cookie'] ?? [],
            body: Buffer.concat(chunks).toString('utf8'),
            durationMs: performance.now() - started,
          });
        });
      },
    );
    request.on('error', reject);
    if (cut === undefined) request.end(body);
    else if (cut === 'body' && body !== undefined) {
      const bytes = Buffer.from(body);
      request.write(bytes.subarray(0, bytes.length >> 1), () =>
        request.destroy(new Error('cut after half of the body, as was asked')),
      );
    } else request.end(body, () => request.destroy(new Error('cut before the response, as was asked')));
  });
}
