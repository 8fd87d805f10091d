import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { MaestranoStore } from '../../stores/maestrano-store.js';
import type { LoginTransaction } from '../login/login-transaction.service.js';
import type { LoginAttempt } from '../login/sso-protocol.js';
import { CallQueue } from './call-queue.js';
import type { OpenIdMessage } from './openid-message.js';
import type { OpenIdProviderClient } from './openid-provider-client.js';
import {
  type AllowanceOwner,
  type VerificationResult,
  VerificationAllowance,
} from './verification-allowance.js';

/** Calls of a marketplace's logins at a time, and how long one waits for others. */
const CAPACITY = 16;
const LONGEST_WAIT_MS = 3_000;
/** How long one response may take in all; a call that is under way then is waited for. */
const DEADLINE_MS = 12_000;
const RETRY_PAUSE_MS = 200;
/** How often somebody who asks on another instance is looked after. */
const LOOK_AGAIN_MS = 100;

/** Whose login it is, and where. */
interface Asking extends AllowanceOwner {
  readonly marketplace: Marketplace;
}

/** What came of asking the provider. */
export interface DirectResult {
  readonly word: 'confirmed' | 'rejected' | 'exhausted' | 'unanswered';
  /** In a few words, for the trace. */
  readonly seen: string;
}

/**
 * Has the provider say whether it made a response (protocol §5). Whoever begins a login can make us ask, so each login has an
 * allowance of its own, and logins share nothing but a queue. The same message is asked about once: whoever posts it
 * again meanwhile, here or on another instance, is given the same word.
 */
export class DirectVerification {
  readonly #allowance: VerificationAllowance;
  readonly #queues = new WeakMap<Marketplace, CallQueue>();
  /** By login and message. */
  readonly #running = new Map<string, Promise<DirectResult>>();

  constructor(
    private readonly provider: OpenIdProviderClient,
    store: MaestranoStore,
  ) {
    this.#allowance = new VerificationAllowance(store);
  }

  /** @param transaction the login that the message belongs to, as it was found. */
  ask(
    attempt: LoginAttempt,
    transaction: LoginTransaction,
    endpoint: string,
    message: OpenIdMessage,
  ): Promise<DirectResult> {
    const { marketplace, isBound: bound, policy } = attempt;
    const { id: requestId, place = '' } = transaction;
    const owner = { marketplace, requestId, place, bound, ttlMs: policy.requestTtlMs };
    const digest = digestOf(message);
    const key = [marketplace.name, owner.requestId, bound, digest].join(' ');
    const running = this.#running.get(key);
    if (running) return running;
    const asking = this.#ask(owner, digest, endpoint, message).finally(() => this.#running.delete(key));
    this.#running.set(key, asking);
    return asking;
  }

  async #ask(owner: Asking, digest: string, endpoint: string, message: OpenIdMessage): Promise<DirectResult> {
    const deadline = performance.now() + DEADLINE_MS;
    const inTime = (): boolean => performance.now() < deadline;
    let seen = 'no response';
    do {
      const known = await this.#known(owner, digest, inTime);
      if (known === 'yes') return CONFIRMED;
      if (known === 'no') return NOT_CONFIRMED;
      const taken = await this.#allowance.take(owner, digest, known);
      if (taken === 'exhausted') return { word: 'exhausted', seen: 'more' };
      if (taken === 'changed') continue;
      const reply = await this.#queueOf(owner.marketplace).run(owner.bound, () =>
        this.provider.verify(owner.marketplace, endpoint, message),
      );
      if (reply.answered) {
        await this.#allowance.decided(owner, digest, reply.confirmed ? 'yes' : 'no');
        return { word: reply.confirmed ? 'confirmed' : 'rejected', seen: reply.seen };
      }
      seen = reply.seen;
      if (!(await this.#allowance.withoutResponse(owner, digest))) break;
      await pause(RETRY_PAUSE_MS, undefined, { ref: false });
    } while (inTime());
    return { word: 'unanswered', seen };
  }

  /**
   * What is known of the message. Somebody who asks on another instance is waited for; who has none by the
   * deadline is gone, and the provider is asked once more.
   */
  async #known(
    owner: AllowanceOwner,
    digest: string,
    inTime: () => boolean,
  ): Promise<VerificationResult | null> {
    for (;;) {
      const known = await this.#allowance.result(owner, digest);
      if (known !== 'asking' || !inTime()) return known;
      await pause(LOOK_AGAIN_MS, undefined, { ref: false });
    }
  }

  #queueOf(marketplace: Marketplace): CallQueue {
    let queue = this.#queues.get(marketplace);
    if (!queue) this.#queues.set(marketplace, (queue = new CallQueue(CAPACITY, LONGEST_WAIT_MS)));
    return queue;
  }
}

const CONFIRMED: DirectResult = { word: 'confirmed', seen: 'confirmed' };
const NOT_CONFIRMED: DirectResult = { word: 'rejected', seen: 'not confirmed' };

/** The whole message, in whatever order its fields came. */
function digestOf(message: OpenIdMessage): string {
  const fields = [...message].sort(([one], [other]) => (one < other ? -1 : 1));
  return hash('sha256', JSON.stringify(fields), 'base64url').slice(0, 22);
}
