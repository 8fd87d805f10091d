import { Injectable } from '@nestjs/common';

import { milliseconds, type SandboxDuration } from '../clock/duration.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import type { SandboxExchange } from '../http/exchange.js';
import { SandboxState } from '../state/sandbox-state.js';
import { FAULT_PRESETS, type Fault, type FaultEffect, type FaultMatch, type FaultPreset } from './fault.js';

function routeFits(pattern: string, exchange: SandboxExchange): boolean {
  const [first, second] = pattern.trim().split(/\s+/);
  const [method, template] = second === undefined ? [null, first as string] : [first as string, second];
  if (method !== null && method !== exchange.method) return false;
  const route = exchange.route?.template ?? '';
  return template.endsWith('*') ? route.startsWith(template.slice(0, -1)) : route === template;
}

/** The customer company an exchange is about: in the path, the query or the body. */
function groupOf(exchange: SandboxExchange): string | null {
  return (
    exchange.route?.group ??
    exchange.query.get('group_id') ??
    /"?group_id"?\s*[:=]\s*"?([\w-]+)/.exec(exchange.bodyText)?.[1] ??
    null
  );
}

/** Makes the marketplace misbehave on demand: slow, rejecting, silent, or sending rubbish. */
@Injectable()
export class FaultInjector {
  readonly #faults = new Set<Fault>();
  #lastId = 0;

  /** Work that is done later: how to give it up. */
  readonly #late = new Set<() => void>();

  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
  ) {}

  /** Switches a fault on. @returns it, for {@link remove}. */
  add(match: FaultMatch, effect: FaultEffect): Fault {
    const fault = { id: `fault-${++this.#lastId}`, match, effect, remaining: match.next ?? null, strikes: 0 };
    this.#faults.add(fault);
    return fault;
  }

  /** Strikes the next exchanges of a route: `next('POST account/bills', { applyThenDrop: true })`. */
  next(route: string, effect: FaultEffect, times = 1): Fault {
    return this.add({ route, next: times }, effect);
  }

  /** Ready-made faults, on one part or marketplace if given. */
  preset(name: FaultPreset, match: FaultMatch = {}): Fault[] {
    return FAULT_PRESETS[name].map(([own, effect]) => this.add({ ...own, ...match }, effect));
  }

  remove(id: string): void {
    for (const fault of this.#faults) if (fault.id === id) this.#faults.delete(fault);
  }

  list(): Fault[] {
    return [...this.#faults];
  }

  clear(): void {
    this.#faults.clear();
    for (const giveUp of this.#late) giveUp();
  }

  /** The effect on an exchange: of the first fault that fits, which is thereby used up once. */
  strike(exchange: SandboxExchange): FaultEffect | null {
    for (const fault of this.#faults) {
      if (!this.#fits(fault.match, exchange)) continue;
      fault.strikes++;
      if (fault.remaining !== null && --fault.remaining <= 0) this.#faults.delete(fault);
      return fault.effect;
    }
    return null;
  }

  /** A latency in milliseconds; a pair is a range. */
  latencyMs(latency: NonNullable<FaultEffect['latency']>): number {
    if (!Array.isArray(latency)) return milliseconds(latency as SandboxDuration);
    const [from, to] = latency.map((span: SandboxDuration) => milliseconds(span)) as [number, number];
    return from + this.state.random.next() * (to - from);
  }

  /** Waits until that much time has passed on the clock. @returns false when the faults were cleared meanwhile */
  async later(duration: SandboxDuration): Promise<boolean> {
    const until = this.clock.now().getTime() + milliseconds(duration);
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const end = (done: boolean): void => {
        clearTimeout(timer);
        stop();
        this.#late.delete(giveUp);
        resolve(done);
      };
      const giveUp = (): void => end(false);
      const look = (): void => {
        clearTimeout(timer);
        const left = until - this.clock.now().getTime();
        if (left <= 0) return end(true);
        if (!this.clock.isFrozen) timer = setTimeout(look, left).unref();
      };
      const stop = this.clock.onChange(look);
      this.#late.add(giveUp);
      look();
    });
  }

  #fits(match: FaultMatch, exchange: SandboxExchange): boolean {
    if (match.part && match.part !== exchange.route?.part) return false;
    if (match.marketplace && match.marketplace !== exchange.marketplace) return false;
    if (match.route && !routeFits(match.route, exchange)) return false;
    if (match.group && match.group !== groupOf(exchange)) return false;
    return match.probability === undefined || this.state.random.next() < match.probability;
  }
}
