import { PACKAGE_VERSION } from '../../utils/package-version.js';
import type { JournalEntry } from './journal.js';

interface NameValue {
  readonly name: string;
  readonly value: string;
}

/** An HTTP archive 1.2 of exchanges: secrets stay masked, bodies are cut as in the journal. */
export function asHar(entries: readonly JournalEntry[]): { readonly log: Readonly<Record<string, unknown>> } {
  return {
    log: {
      version: '1.2',
      creator: { name: 'nestjs-maestrano sandbox', version: PACKAGE_VERSION },
      entries: entries.map((entry) => harEntry(entry)),
    },
  };
}

function harEntry(entry: JournalEntry): Readonly<Record<string, unknown>> {
  const { method, url, status, requestHeaders, requestBody, responseHeaders, responseBody, durationMs } =
    entry;
  const address = url.startsWith('/') ? `http://${requestHeaders['host'] ?? 'localhost'}${url}` : url;
  const type = requestHeaders['content-type'];
  return {
    startedDateTime: entry.at,
    time: durationMs,
    request: {
      method,
      url: address,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: pairs(requestHeaders),
      queryString: URL.canParse(address)
        ? [...new URL(address).searchParams].map(([name, value]) => ({ name, value }))
        : [],
      ...(requestBody ? { postData: { mimeType: type ?? 'text/plain', text: requestBody } } : {}),
      headersSize: -1,
      bodySize: Buffer.byteLength(requestBody),
    },
    response: {
      status: status ?? 0,
      statusText: '',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: pairs(responseHeaders),
      content: {
        size: Buffer.byteLength(responseBody),
        mimeType: responseHeaders['content-type'] ?? 'text/plain',
        text: responseBody,
      },
      redirectURL: responseHeaders['location'] ?? '',
      headersSize: -1,
      bodySize: Buffer.byteLength(responseBody),
    },
    cache: {},
    timings: { send: 0, wait: durationMs, receive: 0 },
    ...(entry.remarks.length > 0 ? { comment: entry.remarks.join(' ') } : {}),
  };
}

function pairs(headers: Readonly<Record<string, string>>): NameValue[] {
  return Object.entries(headers).map(([name, value]) => ({ name, value }));
}
