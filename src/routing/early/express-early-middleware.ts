import type { IncomingMessage, ServerResponse } from 'node:http';

import { PayloadTooLargeException } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';

import type { PlatformRequest } from '../../utils/platform-request.js';
import { BASIC_CHALLENGE } from '../../security/challenge.js';
import type { EarlyCheck } from './early-verdict.js';
import { readJsonBody } from './json-body.js';

type Next = (error?: unknown) => void;
type Middleware = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

interface Layer {
  readonly handle?: Middleware;
}

/** Express' application; the order of the stack is not public, so everything about it is checked. */
interface Application {
  readonly router?: { readonly stack?: unknown };
  use(middleware: Middleware): unknown;
}

/** Nest's Express adapter: it brings Express' own parsers. */
interface ExpressAdapter {
  useBodyParser(type: 'json' | 'urlencoded', rawBody: boolean, options: object): unknown;
}

const PARSERS: ReadonlySet<string> = new Set(['jsonParser', 'urlencodedParser', 'textParser', 'rawParser']);

/**
 * Puts a middleware before the application's body parsers. It refuses wrong credentials before a byte of the body
 * is read, and reads the bodies of our own routes with their own limit.
 *
 * @returns false when the stack is not as expected: the middleware then stays behind the parsers.
 */
export function installOnExpress(adapter: AbstractHttpAdapter, check: EarlyCheck): boolean {
  const application = adapter.getInstance<Application>();
  const stack = application.router?.stack;
  if (!isStack(stack)) return false;
  const factory = adapter as unknown as ExpressAdapter;
  const parsers = new Map(check.bodyLimits.map((limit) => [limit, borrowParsers(factory, stack, limit)]));
  application.use((request, response, next) => {
    const verdict = check.decide(request as PlatformRequest);
    if (verdict.refused) return refuse(response, verdict.status, verdict.body);
    if (verdict.bodyLimit === null) return next();
    if (verdict.ownJson && !request.readableEnded) readJson(request, response, verdict.bodyLimit, next);
    else runInTurn(parsers.get(verdict.bodyLimit) ?? [], request, response, next);
  });
  const firstParser = stack.findIndex(({ handle }) => handle !== undefined && PARSERS.has(handle.name));
  if (firstParser < 0) return true;
  const [layer] = stack.splice(-1, 1);
  if (layer) stack.splice(firstParser, 0, layer);
  return true;
}

function isStack(stack: unknown): stack is Layer[] {
  return Array.isArray(stack) && stack.every((layer) => typeof layer === 'object' && layer !== null);
}

/** Has Nest make the parsers and takes them off the stack again: only our routes may use them. */
function borrowParsers(factory: ExpressAdapter, stack: Layer[], limit: number): Middleware[] {
  const before = stack.length;
  factory.useBodyParser('json', false, { limit });
  factory.useBodyParser('urlencoded', false, { limit, extended: true });
  return stack.splice(before).flatMap(({ handle }) => handle ?? []);
}

/** Express' own parsers leave alone what was read to its end. */
function readJson(
  request: IncomingMessage & { body?: unknown },
  response: ServerResponse,
  limit: number,
  next: Next,
): void {
  readJsonBody(request, limit, (error, body) => {
    if (error instanceof PayloadTooLargeException) closeAfter(response);
    if (error) return next(error);
    request.body = body;
    next();
  });
}

function runInTurn(
  middlewares: readonly Middleware[],
  request: IncomingMessage,
  response: ServerResponse,
  next: Next,
): void {
  const [first, ...rest] = middlewares;
  if (!first) return next();
  first(request, response, (error) => {
    if (error === undefined) runInTurn(rest, request, response, next);
    else next(error);
  });
}

function refuse(response: ServerResponse, status: number, body: unknown): void {
  if (status === 401) response.setHeader('WWW-Authenticate', BASIC_CHALLENGE);
  if (status === 413) closeAfter(response);
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

/** A connection whose body was not read to its end is not worth keeping. */
function closeAfter(response: ServerResponse): void {
  response.setHeader('Connection', 'close');
}
