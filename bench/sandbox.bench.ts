import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';

import { startSandbox } from '../src/sandbox/index.js';
import { defineBench, type ProbeValue } from './harness.js';

@Module({})
class Empty {}

/** Wall time of something, in milliseconds. */
async function time(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] as number;
}

async function emptyApplication(): Promise<number> {
  let close = (): Promise<void> => Promise.resolve();
  const took = await time(async () => {
    const app = await NestFactory.create(Empty, new ExpressAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    close = () => app.close();
  });
  await close();
  return took;
}

async function sandbox(scenario: 'demo' | 'many-groups'): Promise<number> {
  let close = (): Promise<void> => Promise.resolve();
  const took = await time(async () => {
    const started = await startSandbox({ scenario });
    close = () => started.close();
  });
  await close();
  return took;
}

const ms = (value: number, atMost?: number): ProbeValue =>
  atMost === undefined ? { value, unit: 'ms' } : { value, unit: 'ms', goal: { atMost } };

export default defineBench({
  name: 'sandbox: from call to listening, after imports',
  probe: async ({ short }) => {
    const first = await sandbox('demo');
    const turns = short ? 2 : 15;
    const [empty, demo, crowd]: [number[], number[], number[]] = [[], [], []];
    for (let turn = 0; turn < turns; turn++) {
      empty.push(await emptyApplication());
      demo.push(await sandbox('demo'));
      crowd.push(await sandbox('many-groups'));
    }
    return {
      'first in the process, two RSA keys included': ms(first, 1_000),
      demo: ms(median(demo), 300),
      'many-groups (2,000 companies)': ms(median(crowd), 300),
      'an empty NestJS application': ms(median(empty)),
      'demo over empty': { value: median(demo) / median(empty), unit: 'x' },
    };
  },
});
