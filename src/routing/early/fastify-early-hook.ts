import type { Readable } from 'node:stream';

import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';

import type { PlatformRequest } from '../../utils/platform-request.js';
import { BASIC_CHALLENGE } from '../../security/challenge.js';
import type { EarlyCheck } from './early-verdict.js';
import { type JsonBodyCallback, readJsonBody } from './json-body.js';

const JSON_TYPE = 'application/json';
/** Parsers are found by content type: between our hook and our parser, what we parse ourselves is called this. */
const OWN_JSON_TYPE = 'application/x-maestrano+json';

/** Bytes that a request may bring; Fastify's own limit holds for its own parsers only. */
const BODY_LIMIT = Symbol('maestrano.bodyLimit');

interface LimitedRequest extends PlatformRequest {
  [BODY_LIMIT]?: number;
}

type Hook = (request: LimitedRequest, reply: Reply, done: () => void) => void;

/** The parts of Fastify that are used: all public. */
interface Reply {
  code(status: number): Reply;
  header(name: string, value: string): Reply;
  send(body: unknown): Reply;
}

interface RouteOptions {
  readonly method: string | readonly string[];
  readonly url: string;
  bodyLimit?: number;
  onRequest?: Hook | Hook[];
}

interface Instance {
  hasContentTypeParser(type: string): boolean;
  addContentTypeParser(
    type: string,
    parser: (request: LimitedRequest, payload: Readable, done: JsonBodyCallback) => void,
  ): void;
  addHook(name: 'onRoute', hook: (route: RouteOptions) => void): void;
}

/**
 * Gives our routes an `onRequest` hook, which runs before the body is read, and their body limit. Other routes are
 * left alone and pay nothing.
 */
export function installOnFastify(adapter: AbstractHttpAdapter, check: EarlyCheck): boolean {
  const onRequest: Hook = (request, reply, done) => {
    const verdict = check.decide(request);
    if (!verdict.refused) {
      if (verdict.ownJson && verdict.bodyLimit !== null) {
        request.headers['content-type'] = OWN_JSON_TYPE;
        request[BODY_LIMIT] = verdict.bodyLimit;
      }
      return done();
    }
    if (verdict.status === 401) reply.header('WWW-Authenticate', BASIC_CHALLENGE);
    // A connection whose body was not read to its end is not worth keeping.
    if (verdict.status === 413) reply.header('Connection', 'close');
    reply.code(verdict.status).send(verdict.body);
  };
  const instance = adapter.getInstance<Instance>();
  // A second registration of the module finds the parser of the first.
  if (!instance.hasContentTypeParser(OWN_JSON_TYPE)) {
    instance.addContentTypeParser(OWN_JSON_TYPE, readOwnJson);
  }
  instance.addHook('onRoute', (route) => {
    const verbs = typeof route.method === 'string' ? [route.method] : route.method;
    const limits = verbs.flatMap((verb) => check.limitOfRoute(verb, route.url) ?? []);
    if (verbs.every((verb) => check.limitOfRoute(verb, route.url) === undefined)) return;
    route.onRequest = [onRequest, ...[route.onRequest ?? []].flat()];
    // Where endpoints share a route this is the largest; the hook refuses what is declared beyond an endpoint's own.
    if (limits.length > 0) route.bodyLimit = Math.max(...limits);
  });
  return true;
}

function readOwnJson(request: LimitedRequest, payload: Readable, done: JsonBodyCallback): void {
  const limit = request[BODY_LIMIT];
  // Nobody but the hook means this parser.
  if (limit === undefined) return done(new UnsupportedMediaTypeException());
  request.headers['content-type'] = JSON_TYPE;
  readJsonBody(payload, limit, done);
}
