import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'node:querystring';
import { type Readable, Transform } from 'node:stream';

import type { AbstractHttpAdapter } from '@nestjs/core';

import type { IncomingRequest } from '../../utils/incoming-request.js';
import { BASIC_CHALLENGE } from '../../security/challenge.js';
import { discardBody, FORM_TYPE, JSON_API_TYPE, toBodyException, BodyTooComplex } from './body-parsing.js';
import type { EarlyCheck } from './early-check.js';
import { JsonSize, SMALL_BODY } from './json-size.js';

/** Marks the configuration of our routes. */
const OWN_ROUTE = Symbol('maestrano.route');

type RouteConfig = Record<string | symbol, unknown>;
type Hook = (request: Request, reply: Reply, done: () => void) => void;
type ParsingHook = (
  request: Request,
  reply: Reply,
  payload: Readable,
  done: (error: null, payload: Readable) => void,
) => void;
type ParsedCallback = (error: Error | null, body?: unknown) => void;
type Parser = (request: Request, body: string, done: ParsedCallback) => void;

/** The parts of Fastify that are used: all public. */
interface Request extends Omit<IncomingRequest, 'headers'> {
  /** What is set is put over the headers that came, which stay as they are on Node's own request. */
  headers: IncomingRequest['headers'];
  readonly raw: IncomingMessage;
  readonly routeOptions: { readonly config: RouteConfig };
}

interface Reply {
  readonly raw: ServerResponse;
  code(status: number): Reply;
  header(name: string, value: string): Reply;
  send(body: unknown): Reply;
}

interface RouteOptions {
  readonly method: string | readonly string[];
  readonly url: string;
  bodyLimit?: number;
  config?: RouteConfig;
  onRequest?: Hook | Hook[];
  preParsing?: ParsingHook | ParsingHook[];
  errorHandler?: (error: unknown, request: Request, reply: Reply) => void;
}

interface Instance {
  hasContentTypeParser(type: RegExp | string): boolean;
  addContentTypeParser(type: RegExp, options: { parseAs: 'string' }, parser: Parser): void;
  getDefaultJsonParser(onProtoPoisoning: 'error', onConstructorPoisoning: 'error'): Parser;
  addHook(name: 'onRoute', hook: (route: RouteOptions) => void): void;
}

/**
 * Gives our routes an `onRequest` hook, which runs before the body is read, and their body limit. Other routes are
 * left alone and pay nothing.
 */
export function installOnFastify(adapter: AbstractHttpAdapter, check: EarlyCheck): boolean {
  const onRequest: Hook = (request, reply, done) => {
    const decision = check.decide(request);
    if (!decision.rejected) {
      if (!decision.ignoresBody && isUnderstood(request.headers['content-type'])) return done();
      return discardBody(request.raw, () => {
        hideBody(request);
        done();
      });
    }
    if (decision.status === 401) reply.header('WWW-Authenticate', BASIC_CHALLENGE);
    if (decision.endsConnection) reply.header('Connection', 'close');
    reply.code(decision.status).send(decision.body);
  };
  parseJsonApi(adapter);
  parseForms(adapter);
  adapter.getInstance<Instance>().addHook('onRoute', (route) => {
    const verbs = typeof route.method === 'string' ? [route.method] : route.method;
    const limits = verbs.flatMap((verb) => check.limitOfRoute(verb, route.url) ?? []);
    if (verbs.every((verb) => check.limitOfRoute(verb, route.url) === undefined)) return;
    route.config = { ...route.config, [OWN_ROUTE]: true };
    route.onRequest = [onRequest, ...[route.onRequest ?? []].flat()];
    route.preParsing = [measureJson, ...[route.preParsing ?? []].flat()];
    route.errorHandler ??= sendError;
    // Where endpoints share a route this is the largest; the hook rejects what is declared beyond an endpoint's own.
    if (limits.length > 0) route.bodyLimit = Math.max(...limits);
  });
  return true;
}

/**
 * Has Fastify call the handler without a look at the body: it would reject an empty one that is announced as JSON, which
 * most HTTP clients do, and any that it has no parser for.
 */
function hideBody(request: Request): void {
  request.headers = {
    'content-type': undefined,
    'content-length': undefined,
    'transfer-encoding': undefined,
  };
}

/** Express leaves other bodies unread as well, and the endpoint responds in its own words. */
function isUnderstood(contentType = ''): boolean {
  const [type = ''] = contentType.split(';');
  return OWN_TYPES.has(type.trim().toLowerCase());
}

const OWN_TYPES: ReadonlySet<string> = new Set(['application/json', JSON_API_TYPE, FORM_TYPE]);

/** Has large bodies of JSON looked at while they arrive. */
const measureJson: ParsingHook = ({ headers }, _reply, payload, done) => {
  const { 'content-type': type = '', 'content-length': length } = headers;
  const isSmall = length !== undefined && Number(length) <= SMALL_BODY;
  if (isSmall || !type.toLowerCase().includes('json')) return done(null, payload);
  const size = new JsonSize();
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      if (size.take(chunk)) return next(null, chunk);
      // The rest is read and forgotten: a client that still sends would not see the response.
      payload.unpipe(counted);
      payload.resume();
      next(new BodyTooComplex());
    },
  });
  payload.once('error', (error) => counted.destroy(error));
  done(null, payload.pipe(counted));
};

/**
 * Has forms parsed on our routes where the application's parsers are off (`bodyParser: false`), as libraries that read
 * bodies themselves ask for.
 */
function parseForms(adapter: AbstractHttpAdapter): void {
  const instance = adapter.getInstance<Instance>();
  if (instance.hasContentTypeParser(FORM_TYPE) || instance.hasContentTypeParser(FORM)) return;
  instance.addContentTypeParser(FORM, { parseAs: 'string' }, (request, body, done) => {
    if (request.routeOptions.config[OWN_ROUTE] === true) done(null, parse(body));
    else done(unsupportedMediaType());
  });
}

const FORM = new RegExp(`^${FORM_TYPE}(?:;|$)`);

/** An expression, and not a text: an application that registers the type itself, now or later, goes before it. */
const JSON_API = new RegExp(`^${JSON_API_TYPE.replace(/[.+]/g, '\\$&')}(?:;|$)`);

/**
 * Has `application/vnd.api+json` parsed on our routes. Fastify finds parsers by content type alone, for all routes of
 * an instance, so this one turns away what is for a route of the application, as Fastify itself would. What the
 * application registers for the type goes before it, except a parser of everything (`*`) and an expression that was
 * registered earlier: called as soon as there is an adapter, there is hardly an earlier.
 */
export function parseJsonApi(adapter: AbstractHttpAdapter): void {
  const instance = adapter.getInstance<Instance>();
  // A second registration of the module finds the parser of the first.
  if (instance.hasContentTypeParser(JSON_API)) return;
  const parseJson = instance.getDefaultJsonParser('error', 'error');
  instance.addContentTypeParser(JSON_API, { parseAs: 'string' }, (request, body, done) => {
    if (request.routeOptions.config[OWN_ROUTE] === true) parseJson(request, body, done);
    else done(unsupportedMediaType());
  });
}

/** The error that Fastify has where there is no parser. */
function unsupportedMediaType(): Error {
  const facts = { name: 'FastifyError', code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 };
  return Object.assign(new Error('Unsupported Media Type'), facts);
}

/** Hands errors on to the application's handler, those of the body parsers in our words. */
function sendError(error: unknown, request: Request, reply: Reply): void {
  const code =
    typeof error === 'object' && error !== null ? (error as { readonly code?: unknown }).code : null;
  const isOfParser = typeof code === 'string' && code.startsWith('FST_ERR_CTP_');
  if (error instanceof BodyTooComplex) reply.header('Connection', 'close');
  if (!isOfParser) return void reply.send(error);
  // Fastify reads what is encoded as if it was not.
  const { 'content-encoding': encoding = 'identity' } = request.headers;
  const isEncoded = encoding.toLowerCase() !== 'identity';
  reply.send(toBodyException(isEncoded ? unsupportedMediaType() : error));
}
