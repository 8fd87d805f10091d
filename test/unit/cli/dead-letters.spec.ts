import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { BullmqNotificationQueue } from '../../../src/bullmq/bullmq-notification-queue.js';
import { type CommandOutcome, commandLine } from '../../support/command-line.js';

const redisUrl = process.env['TEST_REDIS_URL'];
const withRedis = redisUrl ? describe : describe.skip;

withRedis('nestjs-maestrano dead-letters', () => {
  const prefix = `dead-${randomUUID()}`;
  const attempts: number[] = [];
  let queue: BullmqNotificationQueue;

  const command = (...argv: string[]): Promise<CommandOutcome> =>
    commandLine(['dead-letters', ...argv], { env: { REDIS_URL: redisUrl } });

  async function until(condition: () => Promise<boolean>): Promise<void> {
    for (let look = 0; look < 200; look += 1) {
      if (await condition()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('It did not happen within 10 s.');
  }

  beforeAll(async () => {
    queue = new BullmqNotificationQueue({ connection: redisUrl!, prefix, attempts: 1 });
    queue.start((notification, attempt) => {
      attempts.push(attempt);
      return Promise.resolve({
        remaining: notification.resources,
        error: new Error('the handler is broken'),
      });
    });
    const resources = { invoices: [{ id: 'inv-1', group_id: 'cld-1' }] };
    await queue.add({
      marketplace: 'uat',
      receivedAt: new Date().toISOString(),
      resources: resources as never,
    });
    await until(async () => (await queue.counts()).dead === 1);
  });

  afterAll(() => queue?.close());

  it('lists what was given up, replays it, and discards it', async () => {
    const listed = await command('list', '--prefix', prefix);
    expect(listed.code).toBe(0);
    expect(listed.out).toMatch(/uat {2}1 invoice {2}1 attempt: the handler is broken/);
    expect(listed.out).toContain('1 dead');
    const [id = ''] = listed.out.split(' ');

    expect(await command('replay', id, '--prefix', prefix)).toMatchObject({
      code: 0,
      out: `${id} replayed\n`,
    });
    await until(async () => attempts.length === 2 && (await queue.counts()).dead === 1);
    expect(await command('replay', '--all', '--prefix', prefix)).toMatchObject({
      code: 0,
      out: '1 replayed\n',
    });
    await until(async () => attempts.length === 3 && (await queue.counts()).dead === 1);

    expect(await command('discard', id, '--prefix', prefix)).toMatchObject({
      code: 0,
      out: `${id} discarded\n`,
    });
    expect(await command('discard', id, '--prefix', prefix)).toMatchObject({ code: 1 });
    expect((await command('list', '--prefix', prefix)).out).toContain('0 dead');
    expect(JSON.parse((await command('list', '--json', '--prefix', prefix)).out)).toMatchObject({
      letters: [],
      counts: { dead: 0 },
    });
  });

  it('explains itself, and says when it is not understood', async () => {
    expect(await command('--help')).toMatchObject({ code: 0 });
    expect(await command('burn')).toMatchObject({ code: 2, err: expect.stringContaining('cli.usage') });
  });
});
