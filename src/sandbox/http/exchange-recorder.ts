import { Injectable } from '@nestjs/common';

import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { parseBasicCredentials } from '../../utils/basic-credentials.js';
import { milliseconds, type SandboxDuration } from '../clock/duration.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import { respondInstead, spoilResponse } from '../faults/apply-effect.js';
import type { FaultEffect } from '../faults/fault.js';
import { FaultInjector } from '../faults/fault-injector.js';
import { Journal } from '../journal/journal.js';
import { maskHeaders, maskText } from '../journal/mask.js';
import { MarketplaceFinder } from '../platform/marketplace-finder.js';
import { captureResponse, type ResponseOutlet, type HeldResponse } from './captured-response.js';
import { rememberExchange, type SandboxExchange } from './exchange.js';
import { exchangeRoute } from './exchange-routes.js';

/** Largest body that is read; beyond it the connection is reset. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Longest beginning of a body that the journal keeps, in bytes. */
const MAX_JOURNAL_BYTES = 20_000;

/** The beginning of a body, masked. Copied, because a slice of a text would keep the whole of it alive. */
function excerpt(body: Buffer): string {
  return maskText(body.subarray(0, MAX_JOURNAL_BYTES).toString('utf8'));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) request.destroy();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Stands in front of every controller: reads the request, strikes it with the faults that wait for it, and writes the
 * exchange into the journal. A middleware below the platform's own parsing, so that any content type is welcome and
 * a response can be broken in ways no framework would allow.
 */
@Injectable()
export class ExchangeRecorder {
  constructor(
    private readonly clock: SandboxClock,
    private readonly faults: FaultInjector,
    private readonly journal: Journal,
    private readonly marketplaces: MarketplaceFinder,
  ) {}

  async handle(request: IncomingMessage, response: ServerResponse, next: () => void): Promise<void> {
    const exchange = await this.#read(request);
    rememberExchange(request, exchange);
    if (!exchange.route) return next();

    const effect = this.faults.strike(exchange);
    const record = this.#recorder(exchange, effect);
    if (effect?.latency !== undefined)
      await sleep(this.faults.latencyMs(effect.latency), undefined, { ref: false });
    if (effect?.reset) {
      record(null);
      request.socket.resetAndDestroy();
      return;
    }
    if (effect?.hang) return record(null);
    if (effect?.applyLate !== undefined)
      return this.#applyLate(effect.applyLate, request, response, record, next);
    if (effect?.clockOffset !== undefined) exchange.clockOffsetMs = milliseconds(effect.clockOffset);
    captureResponse(response, (captured, outlet) => this.#finish(effect, captured, outlet, response, record));
    const instead = effect && respondInstead(effect);
    if (!instead) return next();
    response.writeHead(instead.status, instead.headers);
    response.end(instead.body);
  }

  /** The work is done for nobody any more: whoever asked has long given up. */
  async #applyLate(
    duration: SandboxDuration,
    request: IncomingMessage,
    response: ServerResponse,
    record: (captured: HeldResponse | null) => void,
    next: () => void,
  ): Promise<void> {
    captureResponse(response, () => record(null));
    request.socket.resetAndDestroy();
    if (await this.faults.later(duration)) next();
    else record(null);
  }

  async #read(request: IncomingMessage): Promise<SandboxExchange> {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    // The official clients join host and path in ways that leave double and trailing slashes (protocol §2.2, §9.1).
    const path = (mark < 0 ? url : url.slice(0, mark)).replaceAll(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '');
    const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
    const exchange: SandboxExchange = {
      method: request.method ?? 'GET',
      url,
      path,
      query,
      headers: request.headers,
      bodyText: await readBody(request),
      route: exchangeRoute(path),
      credentials: parseBasicCredentials(request.headers.authorization),
      marketplace: null,
      clockOffsetMs: 0,
      remarks: [],
    };
    exchange.marketplace = this.marketplaces.nameFor(exchange);
    request.url = path + (mark < 0 ? '' : url.slice(mark));
    return exchange;
  }

  #finish(
    effect: FaultEffect | null,
    captured: HeldResponse,
    outlet: ResponseOutlet,
    response: ServerResponse,
    record: (captured: HeldResponse | null) => void,
  ): void {
    if (effect?.applyThenDrop) {
      record(null);
      response.socket?.resetAndDestroy();
      return;
    }
    const spoiled = effect && effect.status === undefined ? spoilResponse(effect, captured) : captured;
    record(spoiled);
    if (effect?.truncated) outlet.breakOff(spoiled, Math.floor(spoiled.body.length / 2));
    else outlet.send(spoiled);
  }

  #recorder(exchange: SandboxExchange, effect: FaultEffect | null): (captured: HeldResponse | null) => void {
    const started = performance.now();
    const at = this.clock.iso();
    return (captured) => {
      if (!exchange.route) return;
      this.journal.record({
        at,
        direction: 'in',
        part: exchange.route.part,
        marketplace: exchange.marketplace,
        method: exchange.method,
        route: exchange.route.template,
        url: maskText(exchange.url),
        status: captured?.status ?? null,
        requestHeaders: maskHeaders(exchange.headers),
        requestBody: excerpt(Buffer.from(exchange.bodyText)),
        responseHeaders: maskHeaders(captured?.headers ?? {}),
        responseBody: captured ? excerpt(captured.body) : '',
        durationMs: performance.now() - started,
        fault: effect ? JSON.stringify(effect) : null,
        remarks: [...exchange.remarks],
      });
    };
  }
}
