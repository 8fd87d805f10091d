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
import type { Parcel } from './parcels.js';
import { PlannedDeliveries, type PlannedDelivery } from './planned-deliveries.js';

const CAPACITY = 1_000;

/** Carries requests to the application, and keeps a log of them (protocol §6, §7). */
@Injectable()
export class WebhookSender {
  readonly #logger = new Logger('MaestranoSandbox');
  readonly #log: Delivery[] = [];
  readonly #underway = new Set<Promise<unknown>>();
  /**
   * When what failed is sent again, milliseconds of the sandbox's clock after each attempt in turn. Nothing by itself as
   * long as it is empty: what the real platform does is documented nowhere.
   */
  retries: readonly number[] = [];

  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly journal: Journal,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly planned: PlannedDeliveries,
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
    const { times = 1, burst = false, spacingMs = 0 } = options;
    const send = (repeats?: string): Promise<Delivery> =>
      this.#send(marketplace.name, parcel.kind, request, repeats);
    if (burst) return Promise.all(Array.from({ length: times }, () => send()));
    const first = await send();
    if (spacingMs > 0) {
      for (let turn = 1; turn < times; turn++)
        this.planned.add(turn * spacingMs, first.id, () => this.#follow(send(first.id)));
      return [first];
    }
    const deliveries = [first];
    for (let turn = 1; turn < times; turn++) deliveries.push(await send());
    return deliveries;
  }

  /** Delivers without waiting; {@link idle} waits. */
  deliverLater(parcel: Parcel, options: DeliveryOptions): void {
    this.#follow(this.deliver(parcel, options));
  }

  /** Resolves when nothing is under way any more; what is planned is not waited for. */
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
    return this.#again(this.get(id));
  }

  /**
   * Plans to send a logged delivery once more, as it was.
   *
   * @param afterMs milliseconds of the sandbox's clock from now.
   * @throws SandboxError `sandbox.unknown`, `sandbox.request` where too many wait
   */
  resendLater(id: string, afterMs: number): PlannedDelivery {
    const delivery = this.get(id);
    return this.planned.add(afterMs, delivery.repeats ?? id, () => this.#follow(this.#again(delivery)));
  }

  /** A logged delivery as a command line, credentials included. */
  curl(id: string): string {
    return asCurl(this.get(id));
  }

  /**
   * A parcel as a command line, credentials included: what {@link deliver} would send.
   *
   * @throws SandboxError `sandbox.unknown`
   */
  command(parcel: Parcel, options: DeliveryOptions = {}): string {
    const { method, url, headers, body } = this.#request(
      this.marketplaces.getOrFirst(options.marketplace),
      parcel,
      options,
    );
    return asCurl({ method, url, headers: headers ?? {}, body: body ?? null });
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

  /** Forgets the log, what is planned, and that what failed is sent again. */
  clear(): void {
    this.#log.length = 0;
    this.planned.clear();
    this.retries = [];
  }

  #again({ id, marketplace, kind, method, url, headers, body, repeats }: Delivery): Promise<Delivery> {
    return this.#send(marketplace, kind, { method, url, headers, body: body ?? undefined }, repeats ?? id);
  }

  /** Lets a delivery go on without anybody waiting for it but {@link idle}. */
  #follow(delivering: Promise<unknown>): void {
    const work: Promise<unknown> = delivering
      .catch((error: Error) => this.#logger.warn(`Not delivered: ${error.message}`))
      .finally(() => this.#underway.delete(work));
    this.#underway.add(work);
  }

  #delay({ delayMs = 0 }: DeliveryOptions): number {
    if (typeof delayMs === 'number') return delayMs;
    const [from, to] = delayMs;
    return from + this.state.random.next() * (to - from);
  }

  #request(marketplace: SandboxMarketplaceRecord, parcel: Parcel, options: DeliveryOptions): OutgoingRequest {
    const authorization = this.#authorization(marketplace, options.credentials ?? 'valid');
    const { form, body: entities } = parcel;
    const body = form
      ? new URLSearchParams(form).toString()
      : entities === undefined
        ? undefined
        : JSON.stringify(entities);
    const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
    return {
      method: parcel.method,
      url: this.state.appHostOf(marketplace) + parcel.path,
      headers: {
        accept: 'application/json',
        ...(authorization === null ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': type }),
      },
      body,
      timeoutMs: options.timeoutMs,
      cut: options.cut,
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
    this.#retry(delivery);
    return delivery;
  }

  /** Plans the next attempt of what failed, as far as {@link retries} goes and nothing is planned for it anyway. */
  #retry({ id, repeats, status }: Delivery): void {
    if (this.retries.length === 0 || (status !== null && status < 300)) return;
    const root = repeats ?? id;
    const attempts = this.#log.filter((one) => one.id === root || one.repeats === root).length;
    const afterMs = this.retries[attempts - 1];
    if (afterMs === undefined || !this.planned.hasRoom || this.planned.of(root).length > 0) return;
    this.resendLater(id, afterMs);
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
