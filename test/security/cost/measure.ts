import { readFileSync, writeFileSync } from 'node:fs';
import { GCProfiler } from 'node:v8';

import { Logger } from '@nestjs/common';

import { MaestranoSsoError } from '../../../src/errors/sso.error.js';
import type { SsoOptions } from '../../../src/interfaces/sso-options.interface.js';
import { formField } from '../../support/saml/response-builder.js';
import { SamlBench } from '../../support/saml/saml-bench.js';
import { CLASSES } from '../corpus/classes.js';
import { validWholeBody, WHOLE_LIMITS, wholeBody } from '../corpus/exhaustion.js';
import {
  type HostileCase,
  isMeantFor,
  marketplaceOf,
  REQUEST_ID,
  sceneOf,
  type Variant,
  VARIANTS,
} from '../corpus/hostile-case.js';

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

/** What each response took in one variant. */
export interface VariantCosts {
  /** By class and name: `accepted`, or the code of the rejection, beside what is expected. */
  readonly outcomes: Readonly<Record<string, readonly [outcome: string, expected: string]>>;
  /**
   * By class and name, in valid logins with the same limits: with SignedInfo and SignatureValue as in the corpus, often
   * those of a genuine response.
   */
  readonly asMade: Readonly<Record<string, number>>;
  /** The same with a SignatureValue that no key made. */
  readonly unsigned: Readonly<Record<string, number>>;
}

/** What the parent gets in the end. */
export interface Costs {
  readonly valid: Cost;
  /** By class and name, as in the corpus. */
  readonly hostile: Readonly<Record<string, Cost>>;
  /** By the name of the variant. */
  readonly variants: Readonly<Record<string, VariantCosts>>;
  /** A valid login without an embedded certificate: with four configured ones, in ones with one. */
  readonly fourToOne: number;
}

/** No more runs once it is below so many valid logins: with the signature of an older one, and without any. */
const MOST_WITH_OLD_SIGNATURE = 3;
const MOST_UNSIGNED = 1;

const WARM_UP = 80;
/** What takes this much more than a valid one is given more chances not to be disturbed. */
const SUSPECT_MS = 25;
const MAX_RUNS = 30;
/** Runs in turn before the least of both are believed. */
const LEAST_PAIRS = 8;
/** No disturbance: the result may as well come soon. */
const HOPELESS_MS = 1_000;

const [usual] = VARIANTS as [Variant];
/** The variants whose hostile responses the parent wants to know of; `every case` for those too that never cost much. */
const wanted = process.argv.slice(2);
const everyCase = wanted.includes('every case');

type Validation = () => Promise<string>;

async function validationOf(
  variant: Variant,
  { sso, options, bound }: Partial<HostileCase>,
  field: unknown,
): Promise<Validation> {
  const bench = new SamlBench({ marketplace: marketplaceOf(variant, sso), sso: options });
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

/** The least CPU of as many runs as it takes to get below what is enough, and what became of the last one. */
async function leastCpu(
  variant: Variant,
  one: Partial<HostileCase>,
  field: unknown,
  enoughMs: number,
): Promise<Pick<Cost, 'outcome' | 'cpuMs'>> {
  let least = Infinity;
  let outcome = '';
  for (let run = 0; run < MAX_RUNS && least > enoughMs && (run === 0 || least < HOPELESS_MS); run += 1) {
    const validate = await validationOf(variant, one, field);
    least = Math.min(least, await cpuOf(async () => (outcome = await validate())));
  }
  return { outcome, cpuMs: least };
}

/** A valid response, and what it took when it was measured alone. */
interface Yardstick {
  readonly field: unknown;
  readonly options?: SsoOptions;
  readonly ms: number;
}

/**
 * What a response takes in valid ones. Where it seems to be more than enough, both are run in turn: what disturbs the one
 * for a while, such as another suite that has the processor's cache, disturbs the other as well.
 */
async function ratioOf(
  variant: Variant,
  one: Partial<HostileCase>,
  field: unknown,
  valid: Yardstick,
  enough: number,
): Promise<{ readonly outcome: string; readonly ratio: number }> {
  let [least, unit, outcome] = [Infinity, Infinity, ''];
  for (let run = 1; run <= MAX_RUNS; run += 1) {
    const validate = await validationOf(variant, one, field);
    least = Math.min(least, await cpuOf(async () => (outcome = await validate())));
    if (least <= enough * valid.ms) return { outcome, ratio: least / valid.ms };
    if (least > HOPELESS_MS) break;
    const options = valid.options ? { options: valid.options } : {};
    unit = Math.min(unit, await cpuOf(await validationOf(variant, options, valid.field)));
    if (run >= LEAST_PAIRS && least <= enough * unit) break;
  }
  return { outcome, ratio: least / (unit === Infinity ? valid.ms : unit) };
}

/** As {@link ratioOf}, of two valid logins. */
async function fourToOne(): Promise<number> {
  const [one, four] = [VARIANTS[1]!, VARIANTS[3]!].map((variant) => {
    const scene = sceneOf(new SamlBench({ marketplace: marketplaceOf(variant) }), variant);
    return { variant, field: scene.field(), least: Infinity };
  }) as [Measured, Measured];
  for (let run = 0; run < MAX_RUNS; run += 1) {
    for (const measured of [one, four]) {
      const validate = await validationOf(measured.variant, {}, measured.field);
      measured.least = Math.min(measured.least, await cpuOf(validate));
    }
  }
  return four.least / one.least;
}

interface Measured {
  readonly variant: Variant;
  readonly field: unknown;
  least: number;
}

async function costOf(one: Partial<HostileCase>, field: unknown, enoughMs: number): Promise<Cost> {
  const { cpuMs } = await leastCpu(usual, one, field, enoughMs);
  return { ...(await memoryOf(await validationOf(usual, one, field))), cpuMs };
}

/** The same response with a SignatureValue that no key made; null where there is none to change. */
function withoutSignature(field: unknown): string | null {
  if (typeof field !== 'string') return null;
  const xml = Buffer.from(field, 'base64').toString('utf8');
  const changed = xml.replaceAll(
    /(<ds:SignatureValue>)([^<]*)/g,
    (_, tag: string, value: string) => tag + value.replace(/[A-Za-z0-9+/](?=[A-Za-z0-9+/])/g, 'A'),
  );
  return changed === xml ? null : formField(changed);
}

async function costsOf(variant: Variant, hostileToo: boolean): Promise<VariantCosts> {
  const scene = sceneOf(new SamlBench({ marketplace: marketplaceOf(variant) }), variant);
  const [usualField, wholeField] = [scene.field(), validWholeBody(scene)];
  const { cpuMs: validMs } = await leastCpu(variant, {}, usualField, 0);
  const { cpuMs: wholeMs } = await leastCpu(variant, { options: WHOLE_LIMITS }, wholeField, 0);
  const asMade: Record<string, number> = {};
  const unsigned: Record<string, number> = {};
  const outcomes: Record<string, readonly [string, string]> = {};
  for (const { name, cases } of hostileToo ? [...CLASSES, wholeBody] : []) {
    const valid: Yardstick =
      name === wholeBody.name
        ? { field: wholeField, options: WHOLE_LIMITS, ms: wholeMs }
        : { field: usualField, ms: validMs };
    const costly = name.includes('exhaustion');
    for (const one of cases.filter((candidate) => isMeantFor(candidate, variant))) {
      if (!everyCase && !costly && one.expected !== 'sso.signature') continue;
      const id = `${name}: ${one.name}`;
      process.send?.({ next: `${variant.name}, ${id}` } satisfies Next);
      const bench = new SamlBench({ marketplace: marketplaceOf(variant, one.sso), sso: one.options });
      const made = one.respond(sceneOf(bench, variant));
      const { ratio, outcome } = await ratioOf(variant, one, made, valid, MOST_WITH_OLD_SIGNATURE);
      asMade[id] = ratio;
      outcomes[id] = [outcome, one.expected];
      const without = withoutSignature(made);
      if (without === null) continue;
      unsigned[id] = (await ratioOf(variant, one, without, valid, MOST_UNSIGNED)).ratio;
    }
  }
  return { outcomes, asMade, unsigned };
}

Logger.overrideLogger(false);
const field = sceneOf(new SamlBench({ marketplace: marketplaceOf(usual) })).field();
for (let run = 0; run < WARM_UP; run += 1) await (await validationOf(usual, {}, field))();
const valid = await costOf({}, field, 0);
const hostile: Record<string, Cost> = {};
for (const { name, cases } of [...CLASSES, wholeBody]) {
  for (const one of cases) {
    const scene = sceneOf(new SamlBench({ marketplace: marketplaceOf(usual, one.sso), sso: one.options }));
    process.send?.({ next: `${name}: ${one.name}` } satisfies Next);
    hostile[`${name}: ${one.name}`] = await costOf(one, one.respond(scene), valid.cpuMs + SUSPECT_MS);
  }
}
const variants: Record<string, VariantCosts> = {};
for (const variant of VARIANTS)
  variants[variant.name] = await costsOf(variant, wanted.includes(variant.name));
process.send?.({ valid, hostile, variants, fourToOne: await fourToOne() } satisfies Costs);
