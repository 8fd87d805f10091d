import { readFileSync, writeFileSync } from 'node:fs';
import { GCProfiler } from 'node:v8';

import { Logger } from '@nestjs/common';

import { MaestranoSsoError } from '../../../src/errors/sso.error.js';
import { SamlBench, samlMarketplace } from '../../support/saml/saml-bench.js';
import { CLASSES } from '../corpus/classes.js';
import { wholeBody } from '../corpus/exhaustion.js';
import { type HostileCase, REQUEST_ID, sceneOf } from '../corpus/hostile-case.js';

// A process of its own (node --expose-gc): validates every response of the corpus and some valid ones through
// SamlService, all the way from the form field, and sends what each took to its parent.

/** What judging one response took. */
export interface Cost {
  /** `accepted`, or the code of the rejection. */
  readonly outcome: string;
  /**
   * Milliseconds of CPU of the whole process: the least of some runs where the first takes long, as whatever disturbs a
   * run only adds to it.
   */
  readonly cpuMs: number;
  /**
   * Bytes of heap and of buffers that were allocated in all. An upper bound of what was held at any moment, and unlike
   * that independent of when the garbage collector happens to run.
   */
  readonly allocated: number;
  /**
   * The highest resident size of the process meanwhile, in bytes: what native code takes shows here alone. Null where
   * the system has no counter that can be set back; that of `process.resourceUsage()` would tell one peak for all.
   */
  readonly peak: number | null;
}

/** What the parent gets first: the case that is next, so that it knows which one takes forever. */
export interface Next {
  readonly next: string;
}

/** What the parent gets in the end. */
export interface Costs {
  readonly valid: Cost;
  /** By class and name, as in the corpus. */
  readonly hostile: Readonly<Record<string, Cost>>;
}

const WARM_UP = 80;
/** What takes this much more than a valid one is given more chances not to be disturbed. */
const SUSPECT_MS = 25;
const MAX_RUNS = 30;
/** No disturbance: the result may as well come soon. */
const HOPELESS_MS = 1_000;

type Validation = () => Promise<string>;

async function validationOf(
  { sso, options, bound }: Partial<HostileCase>,
  field: unknown,
): Promise<Validation> {
  const bench = new SamlBench({ marketplace: samlMarketplace(sso), sso: options });
  await bench.beginAs(REQUEST_ID);
  return async () => {
    try {
      await bench.validate(field, bound === undefined ? [REQUEST_ID] : bound);
      return 'accepted';
    } catch (error) {
      if (error instanceof MaestranoSsoError) return error.code;
      throw error;
    }
  };
}

async function cpuOf(validate: Validation): Promise<number> {
  const before = process.cpuUsage();
  await validate();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Heap and buffers; what V8 counts itself. */
const inUse = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

async function memoryOf(validate: Validation): Promise<Omit<Cost, 'cpuMs'>> {
  if (!globalThis.gc) throw new Error('node --expose-gc');
  globalThis.gc();
  const resettable = resetPeak();
  const profiler = new GCProfiler();
  profiler.start();
  const before = inUse();
  const outcome = await validate();
  let allocated = inUse() - before;
  for (const { beforeGC, afterGC } of profiler.stop()?.statistics ?? []) {
    allocated += beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize;
    allocated += beforeGC.heapStatistics.externalMemory - afterGC.heapStatistics.externalMemory;
  }
  return { outcome, allocated, peak: resettable ? readPeak() : null };
}

/** Sets the peak back to what the process has now. Linux only. */
function resetPeak(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return true;
  } catch {
    return false;
  }
}

function readPeak(): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
}

async function costOf(one: Partial<HostileCase>, field: unknown, enoughMs: number): Promise<Cost> {
  let cpuMs = await cpuOf(await validationOf(one, field));
  for (let run = 1; run < MAX_RUNS && cpuMs > enoughMs && cpuMs < HOPELESS_MS; run += 1) {
    cpuMs = Math.min(cpuMs, await cpuOf(await validationOf(one, field)));
  }
  return { ...(await memoryOf(await validationOf(one, field))), cpuMs };
}

Logger.overrideLogger(false);
const field = sceneOf(new SamlBench()).field();
for (let run = 0; run < WARM_UP; run += 1) await (await validationOf({}, field))();
const valid = await costOf({}, field, 0);
const hostile: Record<string, Cost> = {};
for (const { name, cases } of [...CLASSES, wholeBody]) {
  for (const one of cases) {
    const scene = sceneOf(new SamlBench({ marketplace: samlMarketplace(one.sso), sso: one.options }));
    process.send?.({ next: `${name}: ${one.name}` } satisfies Next);
    hostile[`${name}: ${one.name}`] = await costOf(one, one.respond(scene), valid.cpuMs + SUSPECT_MS);
  }
}
process.send?.({ valid, hostile } satisfies Costs);
