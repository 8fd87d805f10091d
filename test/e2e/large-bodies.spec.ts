import { fork } from 'node:child_process';
import { once } from 'node:events';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type CompiledSources, compileSources } from '../support/compiled-sources.js';
import { HTTP_ADAPTERS, type HttpAdapterName } from '../support/http-adapters.js';
import type { LargeBodiesReport } from '../support/large-bodies.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';
import { stormSize } from '../support/sizes.js';

/** Bodies posted in turn. */
const BODIES = stormSize(10, 1_000);
/** A thousand bodies take a quarter of an hour on a busy machine. */
const PATIENCE_MS = stormSize(600_000, 3_600_000);
const MEGABYTE = 1_024 * 1_024;
/** CPU for one body beyond parsing it, in milliseconds; twice as much beside other suites, whose work slows it down. */
const MAX_CPU_MS = stormSize(200, 100);
/** Kinds of bodies whose costs are measured. */
const KINDS = 22;
/** Whose work goes on in small turns, so that it holds nobody up; CPU of one of them in milliseconds. */
const IN_TURNS = 'the number of updates of one record';
const MAX_TURN_MS = 50;

let compiled: CompiledSources;
beforeAll(() => {
  compiled = compileSources('large-bodies', 'test/support/large-bodies.ts');
});
afterAll(() => compiled.remove());

async function measure(httpAdapter: HttpAdapterName, withCosts: boolean): Promise<LargeBodiesReport> {
  const child = fork(compiled.path('test/support/large-bodies.ts'), {
    env: {
      ...process.env,
      HTTP_ADAPTER: httpAdapter,
      MARKETPLACE: JSON.stringify(marketplaceInput('one')),
      AUTHORIZATION: basicOf('one'),
      BODIES: String(BODIES),
      COSTS: withCosts ? '1' : '0',
    },
    execArgv: ['--expose-gc'],
    stdio: 'inherit',
  });
  const ended = once(child, 'exit');
  const [report] = (await Promise.race([
    once(child, 'message'),
    ended.then(([code]) => {
      throw new Error(`The process ended with ${String(code)}.`);
    }),
  ])) as [LargeBodiesReport];
  await ended;
  return report;
}

describe.each(HTTP_ADAPTERS)('bodies of 5 MB (%s)', (httpAdapter) => {
  // What they cost beyond parsing is the same on both.
  const withCosts = httpAdapter === 'express';

  it(
    `leave nothing behind and cost little: ${BODIES}, large in each field of each endpoint in turn`,
    async () => {
      const { status, left, handled, named, costs } = await measure(httpAdapter, withCosts);
      expect(status).toBeLessThan(500);
      expect(handled).toBeGreaterThan(0);
      expect(left / MEGABYTE).toBeLessThan(10);
      // Too many names in one object are rejected before they are parsed.
      expect(named).toEqual([413, 413, 200]);
      const dear = Object.entries(costs).filter(([, { cpu }]) => cpu >= MAX_CPU_MS);
      expect(dear).toEqual([]);
      if (withCosts) expect(costs[IN_TURNS]?.turn).toBeLessThan(MAX_TURN_MS);
      expect(Object.keys(costs)).toHaveLength(withCosts ? KINDS : 0);
    },
    PATIENCE_MS,
  );
});
