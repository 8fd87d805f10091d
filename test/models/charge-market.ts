import { setTimeout as wait } from 'node:timers/promises';

import {
  AccountClient,
  type AccountRequest,
  type AccountResponse,
} from '../../src/account/account-client.service.js';
import { MaestranoInvalidRequestError, MaestranoNotFoundError } from '../../src/errors/account.error.js';
import { MaestranoHttpError } from '../../src/errors/http.error.js';
import type { Marketplace } from '../../src/interfaces/marketplace.interface.js';
import type { Turns } from './search.js';

/** A charge as the marketplace keeps it. */
export type KeptCharge = Readonly<Record<string, unknown>> & { readonly id: string };

/** What becomes of a request to make a charge that nobody answers. */
export type RequestFate = 'lost' | 'dropped' | 'late' | 'rejected';

/**
 * The marketplace: charges are made and never changed. A request to make one is answered; or made and not answered; or
 * neither; or made at any moment until `settleMs` after its call was given up; or rejected.
 */
export class ChargeMarket {
  readonly kept: KeptCharge[] = [];
  requests = 0;

  constructor(
    private readonly settleMs: number,
    private readonly fates: readonly RequestFate[],
    /** How the server changes the text of what it keeps. */
    private readonly alter: (text: string) => string,
  ) {}

  make(body: Readonly<Record<string, unknown>>): KeptCharge {
    const description = this.alter(String(body.description));
    const charge = { ...body, description, id: `bill-${this.kept.length + 1}`, status: 'submitted' };
    this.kept.push(charge);
    return charge;
  }

  /** @returns what the fate leaves for the client: a charge, or an error. */
  async request(
    turns: Turns,
    body: Readonly<Record<string, unknown>>,
    deadlineMs: number,
  ): Promise<KeptCharge> {
    const givenUpAt = Date.now() + deadlineMs;
    const fate = this.fates[(await turns.fault(this.fates.length)) - 1];
    // A request that was held up for longer than any of its kind never arrives.
    if (Date.now() > givenUpAt + this.settleMs) throw failure('http.deadline');
    this.requests += 1;
    if (fate === undefined) {
      const charge = this.make(body);
      // The answer comes too late to be heard.
      if (Date.now() > givenUpAt) throw failure('http.deadline');
      return charge;
    }
    if (fate === 'rejected')
      throw new MaestranoInvalidRequestError('account.invalidRequest', {
        marketplace: 'acme',
        operation: 'POST account/bills',
        status: 400,
        fromApi: true,
        fields: { group_id: ['cannot be charged'] },
      });
    if (fate === 'dropped') this.make(body);
    if (fate === 'late') {
      const until = Math.min(givenUpAt, Date.now()) + this.settleMs - 1;
      turns.spawn({
        name: `request ${this.requests}`,
        run: async (late) => {
          await late.sometime(until);
          this.make(body);
        },
      });
    }
    throw failure('http.connection');
  }
}

function failure(code: 'http.connection' | 'http.deadline'): MaestranoHttpError {
  return new MaestranoHttpError(code, {
    message: 'no answer came.',
    marketplace: 'acme',
    operation: 'POST account/bills',
    attempts: 1,
    sent: 'maybe',
  });
}

/** The client of one instance, which asks the market instead of a server. */
export class MarketClient extends AccountClient {
  constructor(
    private readonly market: ChargeMarket,
    private readonly turns: Turns,
  ) {
    super(null as never, null as never);
  }

  override async call(
    { name }: Marketplace,
    { method, path, template, body, options }: AccountRequest,
  ): Promise<AccountResponse> {
    const data = await this.#data(method, path[1], body, options?.deadlineMs ?? 10_000);
    this.turns.learn(data);
    const details = {
      marketplace: name,
      operation: `${method} account/${template}`,
      status: 200,
      fromApi: true,
    };
    return { data, origin: { marketplace: name, details } };
  }

  async #data(
    method: string,
    id: string | undefined,
    body: AccountRequest['body'],
    deadlineMs: number,
  ): Promise<unknown> {
    if (method === 'POST') return this.market.request(this.turns, body ?? {}, deadlineMs);
    await this.turns.step();
    if (id === undefined) return [...this.market.kept];
    const found = this.market.kept.find((charge) => charge.id === id);
    if (found) return found;
    throw new MaestranoNotFoundError('account.notFound', {
      message: 'no such charge.',
      marketplace: 'acme',
      operation: 'GET account/bills/:id',
      status: 404,
    });
  }
}

/** Longer than anything is under way. */
export function untilAllArrived(settleMs: number): Promise<void> {
  return wait(100 * settleMs);
}
