import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';

import { MaestranoBullmqModule } from '../../src/bullmq/index.js';
import { ConnecHandler, NotificationQueue } from '../../src/index.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { consoleModule, Operator } from '../support/console.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';

const { TEST_REDIS_URL: REDIS_URL = '' } = process.env;
if (REDIS_URL === '')
  console.warn(
    'Skipping dead letters in the console: redis-server is not installed (Debian package: redis-server).',
  );

const HOSTILE = '<img src=x onerror=alert(1)>';

let mended = false;
let handled = 0;

@Injectable()
class Listener {
  @ConnecHandler('invoices')
  onInvoice(entity: Readonly<Record<string, unknown>>): void {
    if (!mended) throw new Error(`${HOSTILE} tax_code of ${String(entity.code)} is empty`);
    handled += 1;
  }
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

(REDIS_URL === '' ? describe.skip : describe).each(HTTP_ADAPTERS)(
  'dead letters in the console on %s',
  (httpAdapter) => {
    let app: TestApplication;
    let operator: Operator;

    const send = (from: number, many: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: many }, (_, n) =>
          fetch(`${app.url}/maestrano/connec/notifications/acme`, {
            method: 'POST',
            headers: { authorization: basicOf('acme'), 'content-type': 'application/json' },
            body: JSON.stringify({
              invoices: [
                {
                  id: `i-${from + n}`,
                  group_id: 'cld-1',
                  code: `INV-${from + n}`,
                  updated_at: '2026-01-01T00:00:00Z',
                },
              ],
            }),
          }),
        ),
      );
    const dead = async (many: number): Promise<void> => {
      const queue = app.app.get(NotificationQueue, { strict: false });
      await until(async () => (await queue.counts()).dead === many);
    };

    beforeAll(async () => {
      mended = false;
      handled = 0;
      app = await testApplication({
        httpAdapter,
        options: {
          marketplaces: [marketplaceInput('acme')],
          connec: { notifications: { deadLetterSecret: 'a secret of dead letters that is long enough' } },
        },
        imports: [
          MaestranoBullmqModule.forRoot({
            connection: REDIS_URL,
            prefix: `t-${randomUUID()}`,
            backoffMs: 1,
            attempts: 2,
          }),
          consoleModule({}, 'staff/console'),
        ],
        providers: [Listener],
      });
      operator = new Operator(`${app.url}/staff/console`);
    });
    afterAll(() => app?.close());

    it('are one problem where they have one cause, and are sent again as many as were seen', async () => {
      await send(1, 5);
      await dead(5);
      const list = await operator.open('/dead-letters');
      expect(list.title).toBe('5 dead letters, 1 cause');
      expect(list.text).not.toContain('<img');

      const letter = await operator.follow(list, '1 invoice');
      const queue = app.app.get(NotificationQueue, { strict: false });
      const { id } = Object.fromEntries(new URL(letter.url).searchParams) as { id: string };
      expect(JSON.stringify(await queue.deadLetter(id))).not.toContain('INV-');
      expect((await operator.press(letter, 'Show what was sent')).words).toMatch(/"code" : "INV-\d"/);
      expect(letter.words).toContain('4 other dead letters');
      expect(letter.words).toContain('all failed for the same reason');
      expect(letter.words.match(/the same reason · 1 invoice left/g)).toHaveLength(1);
      const confirm = await operator.follow(list, 'Send these again…');
      expect(confirm.title).toBe('Send 5 dead letters again?');
      const viewer = await operator.as('Sam Whitlock=view,money').open(confirm.url);
      expect(viewer.words).toContain('needs the role replay');

      // One more arrives while somebody reads.
      await send(6, 1);
      await dead(6);
      const refused = await operator.press(confirm, 'Send 5 again');
      expect(refused.status).toBe(409);
      expect(refused.words).toContain('meant 5 when you looked, and means 6 now');
      expect(handled).toBe(0);

      mended = true;
      const trial = await operator.press(
        await operator.follow(await operator.open('/dead-letters'), 'Send these again…'),
        'Send one as a trial',
      );
      expect(trial.words).toContain('1 of 6 sent again as a trial');
      await dead(5);
      await until(() => handled === 1);

      const all = await operator.follow(await operator.open('/dead-letters'), 'Send all 5 again…');
      const sent = await operator.press(all, 'Send 5 again');
      expect(sent.words).toContain('5 of 5 sent again');
      await dead(0);
      await until(() => handled === 6);
      const audit = await operator.open('/audit');
      expect(audit.words).toContain('Sent 5 dead letters again');
      expect(audit.words).toContain('means 6 now');
    });

    it('are discarded one by one', async () => {
      mended = false;
      await send(20, 2);
      await dead(2);
      const letter = await operator.follow(await operator.open('/dead-letters'), '1 invoice');
      const confirm = await operator.follow(letter, 'Discard…');
      expect(confirm.title).toBe('Discard this dead letter?');
      const done = await operator.press(confirm, 'Discard it');
      expect(done.words).toContain('Discarded');
      await dead(1);
      const gone = await operator.press(confirm, 'Discard it');
      expect(gone.status).toBe(409);
    });
  },
);
