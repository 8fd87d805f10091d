import { afterEach, describe, expect, it } from '@jest/globals';
import { Global, Injectable, Module } from '@nestjs/common';

import { ConnecHandler, type ConnecNotificationContext, NotificationQueue } from '../../src/index.js';
import { MemoryNotificationQueue, MemoryQueueJobs } from '../../src/testing/memory-notification-queue.js';
import { testApplication, type TestApplication } from '../support/application.js';
import { consoleModule, Operator } from '../support/console.js';
import { HTTP_ADAPTERS } from '../support/http-adapters.js';
import { basicOf, marketplaceInput } from '../support/marketplaces.js';

const FIRST = 'the first secret of dead letters, long enough';
const SECOND = 'the second secret of dead letters, long enough';
/** A personal value, and markup. */
const PERSON = '<b>Philippa</b> Harcourt-Ngata';

let queue: NotificationQueue;
let isMended = false;
const handled: unknown[] = [];

@Injectable()
class Listener {
  @ConnecHandler('people')
  onPerson(entity: Readonly<Record<string, unknown>>, { attempt }: ConnecNotificationContext): void {
    if (entity.code === 'second attempt' && attempt > 1) return;
    if (!isMended) throw new Error('no room');
    handled.push(entity);
  }
}

@Global()
@Module({
  providers: [{ provide: NotificationQueue, useFactory: () => queue }],
  exports: [NotificationQueue],
})
class QueueModule {}

function person(id: string, group: string) {
  return { id, group_id: group, first_name: PERSON, updated_at: '2026-01-01T00:00:00Z' };
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const dead = (many: number): Promise<void> => until(async () => (await queue.counts()).dead === many);

describe.each(HTTP_ADAPTERS)('what dead letters hold, in the console on %s', (httpAdapter) => {
  let app: TestApplication;
  let jobs: MemoryQueueJobs;

  /** Another instance at the same queue, with other secrets. */
  const start = async (deadLetterSecret?: string | readonly string[]): Promise<Operator> => {
    await app?.close();
    queue = new MemoryNotificationQueue({ attempts: 2, backoffMs: 1, jobs });
    app = await testApplication({
      httpAdapter,
      options: {
        marketplaces: [marketplaceInput('acme')],
        connec: { notifications: deadLetterSecret === undefined ? {} : { deadLetterSecret } },
      },
      imports: [consoleModule(), QueueModule],
      providers: [Listener],
    });
    return new Operator(`${app.url}/maestrano/console`);
  };
  const begin = async (deadLetterSecret?: string | readonly string[]): Promise<Operator> => {
    jobs = new MemoryQueueJobs();
    isMended = false;
    handled.length = 0;
    return start(deadLetterSecret);
  };
  const send = async (...people: readonly object[]): Promise<void> => {
    const response = await fetch(`${app.url}/maestrano/connec/notifications/acme`, {
      method: 'POST',
      headers: { authorization: basicOf('acme'), 'content-type': 'application/json' },
      body: JSON.stringify({ people }),
    });
    expect(response.status).toBe(200);
  };
  const stored = async (): Promise<string> => {
    const [letter] = await queue.deadLetters();
    return JSON.stringify(await queue.deadLetter(letter!.id));
  };

  afterEach(async () => {
    await app?.close();
  });

  it('is not shown where nothing is kept sealed, and the page says so', async () => {
    const operator = await begin();
    await send(person('p-1', 'cld-1'));
    await dead(1);
    expect(await stored()).toContain('Philippa');
    const letter = await operator.follow(await operator.open('/dead-letters'), '1 person');
    expect(letter.words).toContain('nothing is kept sealed');
    expect(letter.text).not.toContain('Philippa');
    expect(() => letter.form('Show what was sent')).toThrow('No form');
    const data: unknown = JSON.parse((await operator.open(`${letter.url}&format=json`)).text);
    expect(data).toMatchObject({ data: { sent: { kept: 'off' } } });
    expect(JSON.stringify(data)).not.toContain('Philippa');
  });

  it('is shown to who asks with the role, for a while, which is audited; and handled as it was', async () => {
    const operator = await begin(FIRST);
    await send(person('p-1', 'cld-1'), person('p-2', 'cld-2'));
    await dead(1);
    expect(await stored()).not.toContain('Philippa');
    expect(await stored()).toContain('"group_id":"cld-2"');

    const letter = await operator.follow(await operator.open('/dead-letters'), '2 people');
    expect(letter.text).not.toContain('Philippa');
    const viewer = operator.as('Sam Whitlock=view,money');
    expect((await viewer.open(letter.url)).words).toContain('needs the role replay');
    const { action, fields } = letter.form('Show what was sent');
    const csrf = (await viewer.open('/sign-ins')).form('Look for this person').fields.get('csrf') ?? '';
    fields.set('csrf', csrf);
    expect((await viewer.post(action, fields)).status).toBe(403);

    const shown = await operator.press(letter, 'Show what was sent');
    expect(shown.words).toContain('<b>Philippa</b> Harcourt-Ngata');
    expect(shown.text).not.toContain('<b>Philippa');
    for (const other of [viewer, operator.as('Jo Abara=view,replay')]) {
      expect((await other.open(shown.url)).text).not.toContain('Philippa');
      expect((await other.open(`${shown.url}&format=json`)).text).not.toContain('Philippa');
    }
    const audit = await operator.open('/audit');
    expect(audit.words).toContain('Looked at what was sent');
    expect(audit.words).toContain('needs the role replay');
    expect(audit.text).not.toContain('Philippa');

    // A company that left is gone from what is sealed as well.
    expect(await queue.removeGroup('acme', 'cld-1', 0)).toBe(1);
    isMended = true;
    const confirm = await operator.follow(await operator.open('/dead-letters'), 'Send all 1 again…');
    await operator.press(confirm, 'Send 1 again');
    await until(() => handled.length === 1);
    expect(handled).toEqual([person('p-2', 'cld-2')]);
    const again = await operator.press(letter, 'Show what was sent');
    expect(again.status).toBe(409);
  });

  it('stands beside what another attempt left, for who asked', async () => {
    const operator = await begin(FIRST);
    await send(person('p-1', 'cld-1'), { ...person('p-2', 'cld-2'), code: 'second attempt' });
    await dead(1);
    expect(JSON.stringify(await queue.deadLetters())).not.toContain('maestrano_sealed');
    const letter = await operator.follow(await operator.open('/dead-letters'), '1 person');
    expect(letter.words).not.toContain('What attempts');
    const shown = await operator.press(letter, 'Show what was sent');
    expect(shown.words).toContain('What attempts 1 and 2 left');
    expect(shown.words).toContain('1 entity was handled in between, and 1 is left after both.');
    expect(shown.text).toMatch(
      /<del>\s*&quot;code&quot;: &quot;second attempt&quot;|<del> {2}&quot;code&quot;/,
    );
    const viewer = operator.as('Sam Whitlock=view,money');
    for (const url of [shown.url, `${shown.url}&format=json`]) {
      expect((await viewer.open(url)).text).not.toContain('second attempt');
    }
    const turned = await operator.open(`${shown.url}&one=2&other=1`);
    expect(turned.words).toContain('What attempts 1 and 2 left');
    // What a company had is gone with it, also what was handled.
    expect(await queue.removeGroup('acme', 'cld-2', 0)).toBe(0);
    const again = await operator.open(shown.url);
    expect(again.text).not.toContain('second attempt');
    expect(again.words).toContain('Some that were handled in between are not kept');
  });

  it('is opened by an older secret, and kept where none fits', async () => {
    await begin(FIRST);
    await send(person('p-1', 'cld-1'));
    await dead(1);

    const without = await start(SECOND);
    const list = await without.open('/dead-letters');
    const letter = await without.follow(list, '1 person');
    const refused = await without.press(letter, 'Show what was sent');
    expect(refused.words).toContain('A dead letter cannot be opened.');
    isMended = true;
    const { id } = (await queue.deadLetters())[0]!;
    await queue.replay(id);
    await dead(1);
    expect((await queue.deadLetters())[0]?.reason).toContain('cannot be opened');
    expect(handled).toEqual([]);

    await start([SECOND, FIRST]);
    await queue.replay(id);
    await until(() => handled.length === 1);
    expect(handled).toEqual([person('p-1', 'cld-1')]);
  });
});
