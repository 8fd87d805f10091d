import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import type { IncomingMessage } from 'node:http';

import type { BasicCredentials } from '../../utils/basic-credentials.js';
import type { ExchangeRoute } from './exchange-routes.js';

/** One request to the sandbox, read the same way on Express and Fastify. */
export interface SandboxExchange {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly bodyText: string;
  readonly route: ExchangeRoute | null;
  readonly credentials: BasicCredentials | null;
  /** Name of the marketplace, once the credentials, the login request or the session token named it. */
  marketplace: string | null;
  /** Moves the clock for this exchange only; set by a fault. Milliseconds. */
  clockOffsetMs: number;
  /** Remarks for the journal: what the real platform would not do, or the caller should not. */
  readonly remarks: string[];
}

const exchanges = new WeakMap<IncomingMessage, SandboxExchange>();

/** Remembers the exchange of a request. */
export function rememberExchange(request: IncomingMessage, exchange: SandboxExchange): void {
  exchanges.set(request, exchange);
}

/** The exchange of a request as controllers get it: Express hands on node's own request, Fastify wraps it. */
export function exchangeOf(request: IncomingMessage & { raw?: IncomingMessage }): SandboxExchange {
  return exchanges.get(request.raw ?? request) as SandboxExchange;
}

/** Parameter decorator: the exchange that a controller's method handles. */
export const Exchange = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  exchangeOf(context.switchToHttp().getRequest()),
);

function formFields(text: string): Record<string, unknown> {
  return Object.fromEntries(new URLSearchParams(text));
}

/**
 * The fields of a body, form-encoded or JSON: the official clients send either (protocol §8.2).
 * Undefined when it is neither.
 */
export function bodyFields(exchange: SandboxExchange): Record<string, unknown> | undefined {
  const text = exchange.bodyText.trim();
  if (text === '') return {};
  if (text.startsWith('{')) {
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch {
      return undefined;
    }
  }
  return /^[^=&]+=/.test(text) ? formFields(text) : undefined;
}
