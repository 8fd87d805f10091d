import type { HttpSettings } from '../settings/maestrano-settings.js';
import type { HttpTarget } from './http.types.js';
import { TargetGate } from './target-gate.js';

/** Above this number, gates that have nothing to remember are dropped. */
const IDLE_GATES = 64;

/** Time after which also a gate that remembers failures is dropped; milliseconds. */
const FORGET_AFTER_MS = 600_000;

/** The state of one service of one marketplace, for health checks and metrics. */
export interface HttpTargetHealth {
  readonly target: string;
  readonly service: string;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Calls under way. */
  readonly active: number;
  /** Calls that wait for a free place. */
  readonly queued: number;
}

/** The gates in use: made with the first call, dropped when idle, without any timer. */
export class TargetGates {
  readonly #gates = new Map<string, TargetGate>();

  constructor(private readonly settings: HttpSettings) {}

  /** The gate of a target's service. */
  of(target: HttpTarget): TargetGate {
    const key = `${target.service} ${target.name}`;
    let gate = this.#gates.get(key);
    if (!gate) {
      if (this.#gates.size >= IDLE_GATES) this.#sweep();
      gate = new TargetGate(this.settings);
      this.#gates.set(key, gate);
    }
    return gate;
  }

  /** One entry for each gate in use. */
  health(): HttpTargetHealth[] {
    return [...this.#gates].map(([key, gate]) => {
      const [service = '', ...name] = key.split(' ');
      return {
        target: name.join(' '),
        service,
        breaker: gate.state,
        active: gate.active,
        queued: gate.queued,
      };
    });
  }

  #sweep(): void {
    const forgetBefore = Date.now() - FORGET_AFTER_MS;
    for (const [key, gate] of this.#gates) {
      const forgotten = gate.usedAt < forgetBefore && gate.active === 0 && gate.queued === 0;
      if (gate.isIdle || forgotten) this.#gates.delete(key);
    }
  }
}
