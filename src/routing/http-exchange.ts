import type { ServerResponse } from 'node:http';

import type { AbstractHttpAdapter } from '@nestjs/core';

import { type IncomingRequest, requestUrl } from '../utils/incoming-request.js';

/**
 * One request and its response, alike on Express and Fastify. Responses go out through Nest's HTTP adapter, so an
 * application's response-envelope interceptor cannot reshape what the marketplace expects.
 */
export class HttpExchange {
  constructor(
    private readonly adapter: AbstractHttpAdapter,
    /** The framework's request. */
    readonly request: IncomingRequest,
    /** The framework's response. */
    readonly response: unknown,
  ) {}

  get method(): string {
    return this.request.method;
  }

  get url(): string {
    return requestUrl(this.request);
  }

  /** The parsed body as the application's parsers left it; undefined when nothing parsed it. */
  get body(): unknown {
    return this.request.body;
  }

  /** Query parameters; the first value of a repeated one. Parsed from the URL, so both HTTP adapters agree. */
  get query(): URLSearchParams {
    const url = this.url;
    const mark = url.indexOf('?');
    return new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  }

  /** A request header; the first value of a repeated one. */
  header(name: string): string | null {
    const value = this.request.headers[name.toLowerCase()];
    return (Array.isArray(value) ? value[0] : value) ?? null;
  }

  setHeader(name: string, value: string): void {
    this.adapter.setHeader(this.response, name, value);
  }

  /** Has the connection end with the response, unless that has begun. */
  endConnection(): void {
    if (!this.adapter.isHeadersSent(this.response)) this.setHeader('Connection', 'close');
  }

  /** Adds one `Set-Cookie` line without dropping those already there. */
  appendCookie(line: string): void {
    this.adapter.appendHeader(this.response, 'Set-Cookie', line);
  }

  /** The `Set-Cookie` lines of the response, as far as they are known by now. */
  get sentCookies(): readonly string[] {
    const lines: unknown = this.adapter.getHeader(this.response, 'Set-Cookie');
    return (Array.isArray(lines) ? lines : [lines]).filter((line) => typeof line === 'string');
  }

  /** Calls back when the response has been sent. */
  onSent(callback: () => void): void {
    const { raw = this.response } = this.response as { readonly raw?: unknown };
    (raw as ServerResponse).once('finish', callback);
  }

  json(status: number, body: unknown): void {
    this.text(status, 'application/json; charset=utf-8', JSON.stringify(body));
  }

  html(status: number, page: string): void {
    this.text(status, 'text/html; charset=utf-8', page);
  }

  /** A body that is text already. */
  text(status: number, contentType: string, body: string): void {
    this.setHeader('Content-Type', contentType);
    this.adapter.status(this.response, status);
    if (this.#needsETag) this.adapter.reply(this.response, body);
    else this.adapter.end(this.response, body);
  }

  /**
   * Express' `send()`, which Nest replies with, digests every body for an ETag: a tenth of what a notification costs.
   * Nobody asks again whether the response to a POST changed. Fastify makes none.
   */
  get #needsETag(): boolean {
    return this.method === 'GET' || this.method === 'HEAD' || this.adapter.getType() !== 'express';
  }

  empty(status: number): void {
    this.adapter.reply(this.response, null, status);
  }

  /** 303 by default: after a POST the browser fetches the target with GET, and brings its SameSite=Lax cookies. */
  redirect(url: string, status = 303): void {
    this.adapter.redirect(this.response, status, url);
  }
}
