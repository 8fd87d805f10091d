import { setTimeout as pause } from 'node:timers/promises';

import { isRecord } from '../../utils/values.js';
import type { BenchCredentials, BenchCustomer, ComplianceBench } from './compliance-bench.js';
import { ComplianceSkip, demand } from './compliance-failure.js';
import type { ComplianceScenario } from './compliance-scenario.interface.js';

const area = 'synchronization';
const RESPOND =
  'Respond with group_id, sync_enabled and status; MaestranoSyncModule does, or extend MaestranoSynchronizationAdapter.';
const AUTHENTICATE = 'Put MaestranoBasicAuthGuard, or your own, on the route.';

/** Looks at a synchronization until it is over, and the milliseconds between. */
const [LOOKS, BETWEEN_MS] = [120, 250];

/** Starts of one company at once. */
const STARTS = 20;

interface StateResponse {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The three requests of the platform (protocol §10.1). */
class SynchronizationCalls {
  constructor(private readonly bench: ComplianceBench) {}

  get #paths() {
    return this.bench.sandbox.marketplaces.get(this.bench.marketplace).paths;
  }

  status(group: string, credentials?: BenchCredentials): Promise<StateResponse> {
    const path = this.#paths.synchronizationStatus.replace(/:[\w-]+/, encodeURIComponent(group));
    return this.#call('GET', path, null, credentials);
  }

  start(
    group: string,
    options: Readonly<Record<string, string>> = {},
    credentials?: BenchCredentials,
  ): Promise<StateResponse> {
    const fields = Object.entries(options).map(([name, value]): [string, string] => [`opts[${name}]`, value]);
    return this.#call(
      'POST',
      this.#paths.synchronizationStart,
      [['group_id', group], ...fields],
      credentials,
    );
  }

  toggle(group: string, credentials?: BenchCredentials): Promise<StateResponse> {
    return this.#call('PUT', this.#paths.synchronizationToggle, [['group_id', group]], credentials);
  }

  async #call(
    method: string,
    path: string,
    fields: [string, string][] | null,
    credentials: BenchCredentials = 'valid',
  ): Promise<StateResponse> {
    const { status, body } = await this.bench.request(method, path, {
      credentials,
      ...(fields === null
        ? {}
        : {
            body: new URLSearchParams(fields).toString(),
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
          }),
    });
    return { status, body: jsonOf(body) };
  }
}

function jsonOf(text: string): StateResponse['body'] {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** A company with somebody signed in, and its status; skips where the application has no such endpoints. */
async function begin(bench: ComplianceBench): Promise<{
  readonly who: BenchCustomer;
  readonly calls: SynchronizationCalls;
  readonly first: StateResponse;
}> {
  const who = bench.customer();
  await bench.signedIn(who);
  const calls = new SynchronizationCalls(bench);
  const first = await calls.status(who.group);
  const says = 'group_id' in first.body || 'errors' in first.body;
  if (first.status === 404 && !says)
    throw new ComplianceSkip('The application has no synchronization endpoints.');
  return { who, calls, first };
}

function demandState({ status, body }: StateResponse, group: string, what: string): void {
  demand(status === 200 || status === 201, `${what}: status ${status}.`);
  const { group_id: named, sync_enabled: enabled, status: state } = body;
  demand(named === group, `${what}: group_id is ${JSON.stringify(named)}.`);
  demand(typeof enabled === 'boolean', `${what}: sync_enabled is ${JSON.stringify(enabled)}.`);
  demand(typeof state === 'string', `${what}: status in the body is ${JSON.stringify(state)}.`);
}

const isUnderWay = ({ body }: StateResponse): boolean =>
  body['status'] === 'RUNNING' || body['status'] === 'ENQUEUED';

/** How a synchronization ended. */
async function ended(calls: SynchronizationCalls, group: string): Promise<StateResponse> {
  for (let look = 0; look < LOOKS; look += 1) {
    const response = await calls.status(group);
    if (!isUnderWay(response)) return response;
    await pause(BETWEEN_MS);
  }
  demand(false, `It is not over after ${(LOOKS * BETWEEN_MS) / 1_000} s.`);
  throw new Error('unreachable');
}

/** Start, toggle and status of a synchronization (protocol §10). Skipped where an application has none of them. */
export const SYNCHRONIZATION_SCENARIOS: readonly ComplianceScenario[] = [
  {
    id: 'synchronization-status',
    area,
    title: "A company's synchronization is reported",
    remedy: RESPOND,
    run: async (bench) => {
      const { who, first } = await begin(bench);
      demandState(first, who.group, 'GET status');
    },
  },
  {
    id: 'synchronization-start',
    area,
    title: 'A start gets its response at once, and its end is reported',
    remedy: `Have the work follow in the background, and say in status how it ended. ${RESPOND}`,
    run: async (bench) => {
      const { who, calls } = await begin(bench);
      const started = await calls.start(who.group, { full_sync: 'true' });
      demandState(started, who.group, 'POST start');
      demand(started.status === 201, `POST start: status ${started.status} instead of 201.`);
      demand(
        isUnderWay(started),
        `POST start: ${JSON.stringify(started.body['status'])} instead of ENQUEUED.`,
      );
      const last = await ended(calls, who.group);
      demand(last.body['status'] === 'SUCCESS', `It ended with ${JSON.stringify(last.body['status'])}.`);
      demand('updated_at' in last.body, 'The status of a synchronization that took place has no updated_at.');
    },
  },
  {
    id: 'synchronization-start-burst',
    area,
    title: `A synchronization is started ${STARTS} times at once`,
    remedy:
      'While one is under way or waits, return its state and start nothing, as nestjs-maestrano/sync does.',
    run: async (bench) => {
      const { who, calls } = await begin(bench);
      const responses = await Promise.all(Array.from({ length: STARTS }, () => calls.start(who.group)));
      for (const response of responses) demandState(response, who.group, 'POST start');
      const last = await ended(calls, who.group);
      demand(last.body['status'] === 'SUCCESS', `It ended with ${JSON.stringify(last.body['status'])}.`);
    },
  },
  {
    id: 'synchronization-toggle',
    area,
    title: 'A synchronization is switched off and on again; nothing starts in between',
    remedy:
      'toggle turns sync_enabled over and returns the new state; start does nothing while it is false, as in nestjs-maestrano/sync.',
    run: async (bench) => {
      const { who, calls, first } = await begin(bench);
      const was = first.body['sync_enabled'];
      const turned = await calls.toggle(who.group);
      demandState(turned, who.group, 'PUT toggle');
      demand(turned.body['sync_enabled'] === !was, 'PUT toggle: sync_enabled is what it was.');
      const off = was === true ? turned : await calls.toggle(who.group);
      demand(off.body['sync_enabled'] === false, 'PUT toggle: sync_enabled is not false.');
      const started = await calls.start(who.group);
      demand(!isUnderWay(started), 'POST start: a synchronization that is switched off began.');
      const on = await calls.toggle(who.group);
      demand(on.body['sync_enabled'] === true, 'PUT toggle: sync_enabled is not true again.');
      const seen = await calls.status(who.group);
      demand(seen.body['sync_enabled'] === true, 'GET status: sync_enabled is not what toggle said.');
    },
  },
  {
    id: 'synchronization-wrong-credentials',
    area,
    title: 'Nobody starts, switches or watches a synchronization with wrong credentials',
    remedy: AUTHENTICATE,
    run: async (bench) => {
      const { who, calls, first } = await begin(bench);
      for (const credentials of ['wrong', 'none'] as const) {
        const responses = {
          'GET status': await calls.status(who.group, credentials),
          'POST start': await calls.start(who.group, {}, credentials),
          'PUT toggle': await calls.toggle(who.group, credentials),
        };
        for (const [what, { status }] of Object.entries(responses)) {
          demand(status === 401, `${what} with ${credentials} credentials: status ${status}.`);
        }
      }
      const after = await calls.status(who.group);
      demand(after.body['sync_enabled'] === first.body['sync_enabled'], 'It was switched all the same.');
    },
  },
  {
    id: 'synchronization-no-group',
    area,
    title: 'A start without a company is no error of the application',
    remedy:
      'Respond to a start that names no group, or an unknown one, with 4xx, as nestjs-maestrano/sync does.',
    run: async (bench) => {
      const { calls } = await begin(bench);
      for (const group of ['', 'cld/../1', `cld-${'9'.repeat(500)}`, "cld-1';--"]) {
        const { status } = await calls.start(group);
        demand(status < 500, `POST start of ${JSON.stringify(group.slice(0, 20))}: status ${status}.`);
      }
    },
  },
];
