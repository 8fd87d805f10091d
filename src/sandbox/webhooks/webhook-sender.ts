import { Injectable, Logger } from '@nestjs/common';

import { setTimeout as sleep } from 'node:timers/promises';

import { SandboxError } from '../../errors/sandbox.error.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import { sendRequest, type OutgoingRequest } from '../http/send-request.js';
import { Journal } from '../journal/journal.js';
import { maskHeaders, maskText } from '../journal/mask.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import type { SandboxMarketplaceRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { asCurl, type Delivery, type DeliveryCredentials, type DeliveryOptions } from './delivery.js';

/** What is to be delivered. */
export interface Parcel {
  readonly kind: Delivery['kind'];
  readonly method: string;
  /** Of the application, template filled in. */
  readonly path: string;
  readonly body?: unknown;
}

const CAPACITY = 1_000;

/** Carries requests to the application, and keeps a log of them (protocol §6, §7). */
@Injectable()
export class WebhookSender {
  readonly #logger = new Logger('MaestranoSandbox');
  readonly #log: Delivery[] = [];
  readonly #underway = new Set<Promise<unknown>>();

  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly journal: Journal,
    private readonly marketplaces: MarketplaceAdmin,
  ) {}

  /** Deliveries so far, oldest first; the last 1,000 are kept. */
  get deliveries(): readonly Delivery[] {
    return this.#log;
  }

  /** Delivers a parcel as instructed, and returns every delivery in the order of sending. Never throws for a response. */
  async deliver(parcel: Parcel, options: DeliveryOptions = {}): Promise<Delivery[]> {
    const marketplace = this.marketplaces.getOrFirst(options.marketplace);
    const request = this.#request(marketplace, parcel, options);
    const delay = this.#delay(options);
    if (delay > 0) await sleep(delay);
    const times = options.times ?? 1;
    if (options.burst) {
      const all = Array.from({ length: times }, () => this.#send(marketplace.name, parcel.kind, request));
      return Promise.all(all);
    }
    const deliveries: Delivery[] = [];
    for (let turn = 0; turn < times; turn++) {
      deliveries.push(await this.#send(marketplace.name, parcel.kind, request));
    }
    return deliveries;
  }

  /** Delivers without waiting; {@link idle} waits. */
  deliverLater(parcel: Parcel, options: DeliveryOptions): void {
    const work: Promise<unknown> = this.deliver(parcel, options)
      .catch((error: Error) => this.#logger.warn(`Not delivered: ${error.message}`))
      .finally(() => this.#underway.delete(work));
    this.#underway.add(work);
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    // Changes of this very moment are still being gathered.
    await Promise.resolve();
    while (this.#underway.size > 0) await Promise.all(this.#underway);
  }

  /**
   * Sends a logged delivery once more, as it was.
   *
   * @throws SandboxError `sandbox.unknown`
   */
  resend(id: string): Promise<Delivery> {
    const { marketplace, kind, method, url, headers, body, repeats } = this.get(id);
    return this.#send(marketplace, kind, { method, url, headers, body: body ?? undefined }, repeats ?? id);
  }

  /** A logged delivery as a command line, credentials included. */
  curl(id: string): string {
    return asCurl(this.get(id));
  }

  /**
   * A logged delivery.
   *
   * @throws SandboxError `sandbox.unknown`
   */
  get(id: string): Delivery {
    const delivery = this.#log.find((one) => one.id === id);
    if (delivery) return delivery;
    throw new SandboxError('sandbox.unknown', {
      message: `No delivery has the id "${id}".`,
      remedy: 'The last 1,000 are kept.',
    });
  }

  clear(): void {
    this.#log.length = 0;
  }

  #delay({ delayMs = 0 }: DeliveryOptions): number {
    if (typeof delayMs === 'number') return delayMs;
    const [from, to] = delayMs;
    return from + this.state.random.next() * (to - from);
  }

  #request(marketplace: SandboxMarketplaceRecord, parcel: Parcel, options: DeliveryOptions): OutgoingRequest {
    const authorization = this.#authorization(marketplace, options.credentials ?? 'valid');
    const body = parcel.body === undefined ? undefined : JSON.stringify(parcel.body);
    return {
      method: parcel.method,
      url: this.state.appHostOf(marketplace) + parcel.path,
      headers: {
        accept: 'application/json',
        ...(authorization === null ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body,
      timeoutMs: options.timeoutMs,
    };
  }

  #authorization(marketplace: SandboxMarketplaceRecord, credentials: DeliveryCredentials): string | null {
    if (credentials === 'none') return null;
    const owner = typeof credentials === 'object' ? this.marketplaces.get(credentials.of) : marketplace;
    const key = credentials === 'wrong' ? 'wrong' : owner.apiKeys[credentials === 'old' ? 1 : 0];
    if (key === undefined) {
      throw new SandboxError('sandbox.unknown', {
        message: `${owner.name} has no old key.`,
        remedy: 'Rotate its key first.',
      });
    }
    return `Basic ${Buffer.from(`${owner.apiId}:${key}`).toString('base64')}`;
  }

  async #send(
    marketplace: string,
    kind: Delivery['kind'],
    request: OutgoingRequest,
    repeats: string | null = null,
  ): Promise<Delivery> {
    const at = this.clock.iso();
    const started = performance.now();
    const sent = {
      id: this.state.nextId('delivery'),
      repeats,
      at,
      kind,
      marketplace,
      method: request.method,
      url: request.url,
      headers: request.headers ?? {},
      body: request.body ?? null,
    };
    const delivery = await sendRequest(request).then(
      (response): Delivery => ({
        ...sent,
        status: response.status,
        responseHeaders: response.headers,
        responseBody: response.body,
        durationMs: response.durationMs,
        error: null,
      }),
      (error: Error): Delivery => ({
        ...sent,
        status: null,
        responseHeaders: {},
        responseBody: '',
        durationMs: performance.now() - started,
        error: error.message,
      }),
    );
    this.#log.push(delivery);
    if (this.#log.length > CAPACITY) this.#log.shift();
    this.#note(delivery);
    return delivery;
  }

  #note(delivery: Delivery): void {
    this.journal.record({
      at: delivery.at,
      direction: 'out',
      part: 'webhooks',
      marketplace: delivery.marketplace,
      method: delivery.method,
      route: `webhooks/${delivery.kind}`,
      url: delivery.url,
      status: delivery.status,
      requestHeaders: maskHeaders(delivery.headers),
      requestBody: maskText(delivery.body ?? ''),
      responseHeaders: maskHeaders(delivery.responseHeaders),
      responseBody: maskText(delivery.responseBody),
      durationMs: delivery.durationMs,
      fault: null,
      remarks: delivery.error === null ? [] : [delivery.error],
    });
  }
}
