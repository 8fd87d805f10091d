import { joinery } from './demo-connec.js';
import type { ScenarioBuilder } from './scenario-builder.js';

/** Names of the demo's marketplaces. */
export const DEMO_MARKETPLACES = { first: 'maestrano-uat', second: 'bluebank' } as const;

/**
 * Two marketplaces list the application. On the first a joinery, a café and a bicycle shop use it, with their
 * bookkeeper and a reseller behind them; on the second, a bank's, two firms. The same ids mean other people there.
 */
export async function demo(build: ScenarioBuilder): Promise<void> {
  await firstMarketplace(build);
  await secondMarketplace(build);
}

async function firstMarketplace(build: ScenarioBuilder): Promise<void> {
  const { name } = await build.marketplace({ name: DEMO_MARKETPLACES.first });
  build.reseller(name, {
    id: 'rsl-449s8fsd',
    name: 'Harbour Advisory',
    code: 'AU-204512-HBA',
    country: 'AU',
  });
  build.user(name, { uid: 'usr-1', name: 'Ana', surname: 'Kovač', companyName: 'Kovač Joinery' });
  build.user(name, { uid: 'usr-2', name: 'Ben', surname: 'Okafor' });
  build.user(name, { uid: 'usr-3', name: 'Clara', surname: "O'Neil", city: 'Melbourne' });
  build.user(name, {
    uid: 'usr-4',
    name: 'Dieter',
    surname: 'Zürn',
    country: 'DE',
    city: 'Köln',
    timezone: 'Europe/Berlin',
  });
  build.user(name, {
    uid: 'usr-5',
    name: 'Rosa',
    surname: 'Lind',
    companyName: 'Harbour Advisory',
    resellerId: 'rsl-449s8fsd',
  });
  build.user(name, { uid: 'usr-6', name: 'Noor', surname: 'Haddad' });

  build.group(name, { uid: 'cld-1', name: 'Kovač & Daughters Joinery', resellerId: 'rsl-449s8fsd' });
  build.group(name, {
    uid: 'cld-2',
    name: 'Corner Café',
    hasCreditCard: false,
    city: 'Melbourne',
    freeTrialEndAt: build.daysAgo(-9),
  });
  build.group(name, {
    uid: 'cld-3',
    name: 'Radhaus Köln <Werkstatt>',
    currency: 'EUR',
    country: 'DE',
    city: 'Köln',
    timezone: 'Europe/Berlin',
    freeTrialEndAt: build.daysAgo(60),
    resellerId: 'rsl-449s8fsd',
  });

  build.member(name, 'usr-1', 'cld-1', 'Super Admin');
  build.member(name, 'usr-2', 'cld-1', 'Member');
  build.member(name, 'usr-2', 'cld-2', 'Power User');
  build.member(name, 'usr-3', 'cld-2', 'Admin');
  build.member(name, 'usr-4', 'cld-3', 'Super Admin');

  build.bill(name, 'cld-1', 4_900, 'Timesheets, 7 seats, two months ago', 62);
  build.bill(name, 'cld-1', 5_600, 'Timesheets, 8 seats, last month', 33);
  build.bill(name, 'cld-1', 1_250, 'SMS credits');
  build.bill(name, 'cld-3', 2_900, 'Timesheets, 3 seats, last month', 33);
  build.recurringBill(name, 'cld-1', 4_900, 'Timesheets, monthly');
  joinery(build, name, 'cld-1');
}

async function secondMarketplace(build: ScenarioBuilder): Promise<void> {
  const { name } = await build.marketplace({ name: DEMO_MARKETPLACES.second, signatureAlgorithm: 'sha256' });
  build.user(name, {
    uid: 'usr-1',
    name: 'Grace',
    surname: 'Adeyemi',
    country: 'GB',
    city: 'Leeds',
    timezone: 'Europe/London',
  });
  build.user(name, {
    uid: 'usr-7',
    name: 'Henry',
    surname: 'Marsh',
    country: 'GB',
    city: 'Leeds',
    timezone: 'Europe/London',
  });

  const leeds = { currency: 'GBP', country: 'GB', city: 'Leeds', timezone: 'Europe/London' };
  build.group(name, { uid: 'cld-1', name: 'Adeyemi Legal', orgUid: 'org-b1', ...leeds });
  build.group(name, { uid: 'cld-9', name: 'Marsh Farm Supplies', orgUid: 'org-b9', ...leeds });

  build.member(name, 'usr-1', 'cld-1', 'Admin');
  build.member(name, 'usr-1', 'cld-9', 'Guest');
  build.member(name, 'usr-7', 'cld-9', 'Super Admin');

  build.bill(name, 'cld-1', 3_500, 'Timesheets, 5 seats, last month', 33);
  const write = build.writer(name, 'cld-1');
  const client = write('organizations', { name: 'Pennine Mills', status: 'ACTIVE', is_customer: true }, 50);
  write(
    'invoices',
    {
      code: 'A-77',
      type: 'CUSTOMER',
      status: 'AUTHORISED',
      organization_id: client,
      currency: 'GBP',
      balance: 960,
    },
    20,
  );
}
