import type { BrowserContextOptions } from 'playwright-core';

import type { Launched } from '../../sample/support/launch.js';

/** An endless word. */
export const WORD = 'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesel';
/** Markup, a direction control and an endless word. */
export const HOSTILE = `<img src=x onerror=alert(1)>"'&\u202E${WORD}`;

/** Windows that pages are looked at in. */
export const WIDTHS = [320, 390, 768, 1280, 1920] as const;

/** Colours that pages are looked at in. */
export const LOOKS: readonly BrowserContextOptions[] = [
  { colorScheme: 'light' },
  { colorScheme: 'dark' },
  { colorScheme: 'light', forcedColors: 'active' },
];

const COMPANY = '/companies/maestrano-uat/cld-1';

/** Every page of the sandbox, as {@link fillSandbox} leaves it: each kind, each part, each state. */
export const PATHS: readonly string[] = [
  '/',
  '/logins',
  '/logins?show=problems',
  '/logins?open=login-1&part=assertion',
  '/logins?open=login-2&part=way',
  '/logins/new',
  '/companies',
  '/companies/new',
  COMPANY,
  ...['members', 'bills', 'records', 'usage', 'events'].map((part) => `${COMPANY}?part=${part}`),
  `${COMPANY}/people/usr-1`,
  '/companies/maestrano-uat/cld-77',
  '/companies/maestrano-uat/cld-77?part=records',
  '/companies/maestrano-uat/cld-77/people/usr-77',
  '/bills',
  '/bills?q=donau',
  '/webhooks',
  '/webhooks?open=delivery-3',
  '/webhooks?open=delivery-2&part=request',
  '/webhooks?open=delivery-5&part=difference',
  '/webhooks/again',
  '/compose',
  '/compose?saved=saved-1',
  '/compose?event=cancel',
  '/compose?event=leave',
  '/journal',
  '/journal/1',
  '/records',
  '/records?q=donau',
  '/synchronization',
  '/marketplaces',
  '/marketplaces?check=maestrano-uat',
  '/marketplaces/confirm?marketplace=maestrano-uat&act=remove',
  '/faults',
  '/reset',
  '/nothing-here',
];

/** Fills a sandbox with every state that its pages have: went well, failed, planned, kept, endless, hostile. */
export async function fillSandbox({ sandbox, appUrl }: Launched): Promise<void> {
  const { url } = sandbox;
  await sandbox.login(appUrl, { user: 'usr-1', group: 'cld-1' });
  for (const send of ['expired', 'wrong-audience'])
    await postForm(url, '/logins/attempt', {
      marketplace: 'maestrano-uat',
      user: 'usr-1',
      group: 'cld-1',
      send,
    });
  await sandbox.webhooks.deleteGroup('cld-of-nobody', { onlySend: true });
  await sandbox.webhooks.notify({ people: [{ id: 'p-1', group_id: 'cld-1', first_name: HOSTILE }] });
  await sandbox.webhooks.notify({ people: [] }, { credentials: 'wrong' });
  await postForm(url, '/webhooks/plan', { id: 'delivery-3', after: '1d' });
  await sandbox.webhooks.notify({ people: [{ id: 'p-2', group_id: 'cld-1' }] }, { cut: 'response' });
  await sandbox.webhooks.resend('delivery-4');
  await sandbox.webhooks.synchronization('status', 'cld-1');
  await postForm(url, '/compose/save', {
    event: 'own',
    company: 'maestrano-uat cld-1',
    body: JSON.stringify({ people: [{ first_name: HOSTILE }] }),
    times: '2',
  });
  await postForm(url, '/compose/rename', { id: 'saved-1', name: HOSTILE.slice(0, 80) });
  const month = new Date().toISOString().slice(0, 7);
  const days = Array.from({ length: 28 }, (_, index) => ({
    day: `${month}-${String(index + 1).padStart(2, '0')}`,
    quantity: String((index * 37) % 11),
  }));
  const usage = { group: 'cld-1', marketplace: 'maestrano-uat', meter: 'sms', label: 'SMS', days };
  await fetch(`${url}/api/sandbox/v1/usage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(usage),
  });
  for (const [label, number] of [
    ['SMS', 1],
    ['Documents', 1],
    ['SMS corrections from', 2],
  ] as const) {
    const description = `${label} ${month}-01 to ${month}-28 (statement ${number})`;
    sandbox.build.bill('maestrano-uat', 'cld-1', 2_500 * number, description, 1);
  }
  sandbox.build.group('maestrano-uat', { uid: 'cld-77', name: HOSTILE });
  sandbox.build.user('maestrano-uat', { uid: 'usr-77', name: HOSTILE, surname: HOSTILE });
  sandbox.build.member('maestrano-uat', 'usr-77', 'cld-77', 'Admin');
  sandbox.build.bill('maestrano-uat', 'cld-77', 1_500, HOSTILE, 3);
  sandbox.connec.write('people', { first_name: HOSTILE, last_name: WORD }, { group: 'cld-77' });
  sandbox.faults.next('POST account/bills', { status: 503 });
}

/** Posts a form of the sandbox as its page does. */
async function postForm(base: string, path: string, fields: Readonly<Record<string, string>>): Promise<void> {
  const page = await (await fetch(`${base}/faults`)).text();
  const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
  const response = await fetch(base + path, {
    method: 'POST',
    headers: { origin: base },
    body: new URLSearchParams({ ...fields, csrf }),
    redirect: 'manual',
  });
  if (response.status !== 303) throw new Error(`${path}: ${response.status}`);
}
