import type { Sandbox } from 'nestjs-maestrano/sandbox';

import { launch } from './support/launch.js';

const COMPANY = 'cld-1';

/**
 * One line a step, with the seconds since the program was started; the first that fails ends the demonstration with
 * exit code 1.
 */
async function step(title: string, work: () => Promise<void> | void): Promise<void> {
  try {
    await work();
    console.log(`${elapsed()} ✓ ${title}`);
  } catch (error) {
    console.log(`${elapsed()} ✗ ${title}: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  }
}

function elapsed(): string {
  return `${(performance.now() / 1000).toFixed(1).padStart(5)} s`;
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

function get(url: string, cookie: string): Promise<Response> {
  return fetch(url, { headers: { cookie, accept: 'text/html' }, redirect: 'manual' });
}

async function round(appUrl: string, sandbox: Sandbox): Promise<void> {
  const dashboard = `${appUrl}/dashboard`;
  let first = '';
  let second = '';

  await step('the application fetched its configuration from the developer platform', () => {
    const fetched = sandbox.journal.find({ method: 'GET', part: 'platform' });
    expect(
      fetched.some(({ status }) => status === 200),
      'no successful request reached the developer platform',
    );
  });

  await step('usr-1 signed in through cld-1', async () => {
    const login = await sandbox.login(appUrl, { user: 'usr-1', group: COMPANY });
    first = login.cookieHeader;
    expect(login.status === 200, `the final page had status ${login.status}`);
    expect(login.body.includes('Signed in as'), 'the dashboard did not say who is signed in');
  });

  await step('charged 20.00, and the marketplace has the bill', async () => {
    const answer = await fetch(`${dashboard}/charge`, {
      method: 'POST',
      headers: { cookie: first },
      redirect: 'manual',
    });
    const billId = new URL(answer.headers.get('location') ?? '', appUrl).searchParams.get('charged');
    expect(answer.status === 303 && billId !== null, `charging answered ${answer.status}`);
    const [bill] = sandbox.state.bills.filter(({ id }) => id === billId);
    expect(bill?.priceCents === 2000 && bill.groupId === COMPANY, 'the sandbox does not have that bill');
  });

  await step('usr-2 signed in and became a member of the same company', async () => {
    const login = await sandbox.login(appUrl, { user: 'usr-2', group: COMPANY });
    second = login.cookieHeader;
    expect(login.status === 200, `the final page had status ${login.status}`);
    const members = await (await get(dashboard, first)).text();
    expect(members.includes('Okafor'), 'the members do not list the second person');
  });

  await step('DELETE group user: usr-2 left the company', async () => {
    const [delivery] = await sandbox.webhooks.deleteGroupUser(COMPANY, 'usr-2');
    expect(delivery?.status === 200, `the webhook answered ${delivery?.status}`);
  });

  await step('the session of the removed person is refused, the other goes on', async () => {
    const refused = await get(dashboard, second);
    expect(
      refused.status === 302 || refused.status === 303,
      `the removed person still got ${refused.status}`,
    );
    expect((await get(dashboard, first)).status === 200, 'the remaining person was signed out');
  });

  await step('DELETE group: the company cancelled, and its sessions are closed', async () => {
    const [delivery] = await sandbox.webhooks.deleteGroup(COMPANY);
    expect(delivery?.status === 200, `the webhook answered ${delivery?.status}`);
    expect((await get(dashboard, first)).status !== 200, 'a session of the cancelled company goes on');
  });
}

const launched = await launch({ quiet: true });
try {
  await round(launched.appUrl, launched.sandbox);
} catch {
  process.exitCode = 1;
} finally {
  await launched.close();
}
