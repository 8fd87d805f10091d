import type { IncomingMessage } from 'node:http';

import {
  BadRequestException,
  type HttpException,
  PayloadTooLargeException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';

import { MAX_CONTAINERS, MAX_NAMES } from './json-size.js';

/** What Connec! may call its JSON (protocol §7.1, §9.2) beside `application/json`; no parser takes it by default. */
export const JSON_API_TYPE = 'application/vnd.api+json';

/** What a browser posts, also the response of an identity provider. */
export const FORM_TYPE = 'application/x-www-form-urlencoded';

/**
 * Reads a body that nobody wants to its end, and forgets it: what was read to its end no parser of Express looks at, and a
 * response that goes out before may never reach a client that is still sending.
 */
export function discardBody(request: IncomingMessage, next: () => void): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  // A length of 0 is a body to parsers: they look at its charset.
  if (encoding === undefined && length === undefined) return next();
  request.once('end', next);
  request.resume();
}

/** Body of every 413 that is sent before a body is read. */
export const BODY_TOO_LARGE = 'The request body is too large';

/** A body has an object with more names, or more objects and lists, than any that means something: {@link JsonSize}. */
export class BodyTooComplex extends PayloadTooLargeException {
  constructor() {
    super(
      `The request body holds an object with more than ${MAX_NAMES} names, or more than ${MAX_CONTAINERS} objects and lists`,
    );
  }
}

/**
 * What the application's exception filters see when a body cannot be parsed. The parsers' own errors quote what was
 * sent, and differ between Express and Fastify.
 *
 * @param error as the HTTP adapter's parser reports it, with its HTTP status.
 */
export function toBodyException(error: unknown): HttpException {
  if (error instanceof BodyTooComplex) return error;
  const status =
    typeof error === 'object' && error !== null ? (error as { readonly statusCode?: unknown }).statusCode : 0;
  if (status === 413) return new PayloadTooLargeException(BODY_TOO_LARGE);
  if (status === 415) return new UnsupportedMediaTypeException('The request body cannot be decoded');
  return new BadRequestException('The request body is not valid, or not complete');
}
