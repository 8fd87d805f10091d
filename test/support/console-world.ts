import { Global, Injectable, Module } from '@nestjs/common';

import { DeliveryTraces } from '../../src/console/deliveries/delivery-traces.service.js';
import { BillingService, ConnecHandler, ConnecNotifications, NotificationQueue } from '../../src/index.js';
import { MarketplaceRegistry } from '../../src/marketplace/marketplace-registry.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { MaestranoSync } from '../../src/sync/index.js';
import { MemoryNotificationQueue } from '../../src/testing/memory-notification-queue.js';
import { MaestranoUsage } from '../../src/usage/index.js';
import { testApplication, type TestApplication } from './application.js';
import { consoleModule, losesResponse, Operator } from './console.js';
import { syncedContacts } from './console-sync.js';
import { LAST_PERIOD, usageModule } from './console-usage.js';
import type { HttpAdapterName } from './http-adapters.js';

/** A word that no line can break. */
export const LONG_WORD = 'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesel';

@Injectable()
class PoisonedListener {
  @ConnecHandler('invoices')
  onInvoice({ code }: Readonly<Record<string, unknown>>): void {
    throw new Error(code === 'INV-3' ? 'the ledger is closed' : `tax_code of ${String(code)} is empty`);
  }
}

@Global()
@Module({
  providers: [
    {
      provide: NotificationQueue,
      useFactory: () => new MemoryNotificationQueue({ attempts: 3, backoffMs: 1 }),
    },
  ],
  exports: [NotificationQueue],
})
class QueueModule {}

/** An application in which every page of the console has something to show. */
export interface ConsoleWorld {
  readonly app: TestApplication;
  readonly sandbox: Sandbox;
  /** Address of the console. */
  readonly base: string;
  /**
   * One address of every page, by section, page and title: whatever links lead to from the overview.
   */
  pages(): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

/** Starts it: sign-ins refused, a charge undecided, dead letters of two causes, statements, conflicts, two candidates. */
export async function consoleWorld(httpAdapter: HttpAdapterName = 'express'): Promise<ConsoleWorld> {
  const sandbox = await startSandbox({ port: 0, seed: 7 });
  const { name } = sandbox.marketplaces.list()[0]!;
  const { contacts, module } = syncedContacts();
  const app = await testApplication({
    httpAdapter,
    sandbox,
    options: {
      developerPlatform: sandbox.developerPlatform,
      account: { createOnce: { deadlineMs: 3_000, settleMs: 0 } },
      http: { backoffMs: 10, breaker: false },
      connec: { notifications: { deadLetterSecret: 'a secret of dead letters that is long enough' } },
    },
    imports: [
      consoleModule(),
      QueueModule,
      usageModule(() => ({
        name: `Radhaus Köln <Werkstatt> ${LONG_WORD}`,
        zone: 'Europe/Paris',
        currency: 'AUD',
      })),
      module,
    ],
    providers: [PoisonedListener],
  });
  const base = `${app.url}/maestrano/console`;
  const group = { marketplace: name, groupUid: 'cld-1' };
  const shelf = { group: 'cld-1', marketplace: name };

  // Customers: one got in, then the key was rotated.
  await sandbox.login(app.url, { user: 'usr-1', group: 'cld-1' });
  const { bills } = app.app.get(BillingService, { strict: false }).for(name);
  const bill = { groupId: 'cld-1', priceCents: 32_500, description: `<b>${LONG_WORD}`, currency: 'AUD' };
  await losesResponse(sandbox, () => bills.createOnce(`sms/${LONG_WORD}`, bill));

  // Records: both sides changed one, and one could be two others.
  const sync = app.app.get(MaestranoSync);
  const write = (record: Record<string, unknown>): unknown => sandbox.connec.write('people', record, shelf);
  const mia = contacts.add({ firstName: 'Zoltana', lastName: `Tran ${LONG_WORD}`, phone: '02 9981 4400' });
  await sync.run(group);
  const remote = sandbox.connec.list('people', shelf).find((one) => one.first_name === 'Zoltana')!;
  contacts.edit(mia.id, { phone: '02 9981 4455' });
  write({ id: remote.id, phone: { mobile: '0412 555 010' } });
  write({ first_name: 'Ida', email: { address: 'two@team.example' } });
  for (const firstName of ['Jan', 'Kim']) contacts.add({ firstName, email: 'two@team.example' });
  write({ first_name: 'Unwanted' });
  await sync.run(group);
  contacts.add({ firstName: 'Nia', email: 'nia@team.example' });

  // Money: a statement that is held, one that is billed.
  const usage = app.app.get(MaestranoUsage);
  for (const [company, quantity] of [
    ['cld-1', 400],
    ['cld-2', 40],
  ] as const) {
    const ref = { marketplace: name, group: company, meter: 'sms' };
    await usage.record({ ...ref, id: 'import-7', at: LAST_PERIOD, quantity });
    await usage.record({ ...ref, id: 'message-8', at: LAST_PERIOD, quantity: 2 });
    await usage.close(ref);
    await usage.record({ ...ref, id: 'message-9', at: new Date(), quantity: 3 });
  }

  // Notifications that no attempt can handle.
  const marketplace = app.app.get(MarketplaceRegistry, { strict: false }).get(name);
  for (const code of ['INV-1', 'INV-2', 'INV-3']) {
    const invoice = { id: code, group_id: 'cld-1', code, updated_at: '2026-01-01T00:00:00Z' };
    await app.app.get(ConnecNotifications, { strict: false }).accept(marketplace, { invoices: [invoice] });
  }
  const queue = app.app.get(NotificationQueue, { strict: false });
  await until(async () => (await queue.counts()).dead >= 3);
  await app.app.get(DeliveryTraces, { strict: false }).flush();

  await sandbox.marketplaces.rotateCertificate(name, { overlap: false });
  for (let n = 0; n < 4; n += 1) await sandbox.login(app.url, { user: 'usr-1', group: 'cld-1' });

  return {
    app,
    sandbox,
    base,
    pages: () => pagesFrom(new Operator(base), name),
    close: async () => {
      await app.close();
      await sandbox.close();
    },
  };
}

async function pagesFrom(operator: Operator, marketplace: string): Promise<ReadonlyMap<string, string>> {
  const { base } = operator;
  // What needs somebody is asked for anew every five seconds.
  await until(async () => (await operator.open()).words.includes('Decide…'));
  const found = new Map<string, string>();
  const seen = new Set<string>();
  // Two pages are behind forms, which are no links.
  const company = { marketplace, group: 'cld-1' };
  const corrected = { ...company, meter: 'sms', fact: 'import-7', quantity: '40' };
  const due = [
    base,
    `${base}/sessions/confirm?${new URLSearchParams(company).toString()}`,
    `${base}/usage/correct?${new URLSearchParams(corrected).toString()}`,
  ];
  for (let url = due.shift(); url !== undefined; url = due.shift()) {
    const path = pathOf(base, url);
    if (path === null || seen.has(url)) continue;
    seen.add(url);
    const page = await operator.open(url);
    if (page.status !== 200) throw new Error(`${url} is a link, and responds with ${page.status}`);
    const name = `${path}: ${page.title.replaceAll(LONG_WORD, '').replaceAll(/[\w-]*\d[\w-]*/g, '…')}`;
    if (found.has(name)) continue;
    found.set(name, url);
    for (const [, href = ''] of page.text.matchAll(/<a\b[^>]*\bhref="([^"]*)"/g)) {
      due.push(new URL(href.replaceAll('&amp;', '&'), url).href.split('#', 1)[0]!);
    }
  }
  return found;
}

/** Section and page of an address; null for what is no page. */
function pathOf(base: string, url: string): string | null {
  const { origin, pathname, searchParams } = new URL(url);
  const root = new URL(base);
  if (origin !== root.origin || !pathname.startsWith(root.pathname)) return null;
  if (pathname.includes('/assets/') || searchParams.has('format') || searchParams.has('times')) return null;
  return pathname.slice(root.pathname.length + 1) || 'overview';
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
