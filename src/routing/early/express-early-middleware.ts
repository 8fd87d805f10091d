import type { IncomingMessage, ServerResponse } from 'node:http';

import type { AbstractHttpAdapter } from '@nestjs/core';

import { type IncomingRequest, RequestMemory } from '../../utils/incoming-request.js';
import { BASIC_CHALLENGE } from '../../security/challenge.js';
import { BodyTooComplex, discardBody, FORM_TYPE, JSON_API_TYPE, toBodyException } from './body-parsing.js';
import type { EarlyCheck, EarlyDecision } from './early-check.js';
import { JsonSize, SMALL_BODY } from './json-size.js';

type EarlyRejection = Extract<EarlyDecision, { readonly rejected: true }>;
type Next = (error?: unknown) => void;
type Request = IncomingMessage & { body?: unknown };
type Middleware = (request: Request, response: ServerResponse, next: Next) => void;

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

/** Requests whose body was read and had no byte. */
const withoutBody = new RequestMemory<true>();

/**
 * Puts a middleware before the application's body parsers. It rejects wrong credentials before a byte of the body is
 * read, and has the bodies of our own routes parsed with their own limit.
 *
 * @returns false when the stack is not as expected: nothing is installed then.
 */
export function installOnExpress(adapter: AbstractHttpAdapter, check: EarlyCheck): boolean {
  const application = adapter.getInstance<Application>();
  const stack = application.router?.stack;
  if (!isStack(stack)) return false;
  const factory = adapter as unknown as ExpressAdapter;
  const parsers = new Map(check.bodyLimits.map((limit) => [limit, createParsers(factory, stack, limit)]));
  application.use((request, response, next) => {
    const decision = check.decide(request as IncomingRequest);
    if (decision.rejected) return reject(response, decision);
    if (decision.ignoresBody) return discardBody(request, () => next());
    const parse = decision.bodyLimit === null ? undefined : parsers.get(decision.bodyLimit);
    if (parse) parse(request, response, next);
    else next();
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

/**
 * Express' parsers of JSON and forms with a limit of ours. Nest makes them, so that Express need not be a dependency,
 * and they are taken off the stack again: only our routes may use them.
 */
function createParsers(factory: ExpressAdapter, stack: Layer[], limit: number): Middleware {
  const before = stack.length;
  const type = ['application/json', JSON_API_TYPE];
  factory.useBodyParser('json', false, { limit, type, strict: false, verify: lookAtBody });
  factory.useBodyParser('urlencoded', false, { limit, extended: true });
  const [parseJson, parseForm] = stack.splice(before).flatMap(({ handle }) => handle ?? []);
  return (request, response, next) => {
    const finish: Next = (error) => {
      // Express takes an empty body for `{}`: a notification that was lost on the way would be acknowledged.
      if (withoutBody.recall(request)) request.body = undefined;
      if (error === undefined) next();
      else next(toBodyException(error));
    };
    const isForm = request.headers['content-type']?.toLowerCase().startsWith(FORM_TYPE) ?? false;
    const parse = isForm ? parseForm : parseJson;
    if (parse) parse(request, response, finish);
    else next();
  };
}

/** Called with the whole body, before it is parsed. */
function lookAtBody(request: IncomingMessage, _response: ServerResponse, body: Buffer): void {
  if (body.length === 0) withoutBody.remember(request, true);
  if (body.length > SMALL_BODY && !new JsonSize().take(body)) throw new BodyTooComplex();
}

function reject(response: ServerResponse, { status, body, endsConnection }: EarlyRejection): void {
  if (status === 401) response.setHeader('WWW-Authenticate', BASIC_CHALLENGE);
  if (endsConnection) response.setHeader('Connection', 'close');
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}
