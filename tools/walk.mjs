// Prints how many files and functions of ours a usual piece of work enters:
//   node tools/walk.mjs [CHECKOUT] [EARLIER CHECKOUT]
// Each piece is done once to load and warm what is done once, and counted at its second time by V8's own coverage.
import { Session } from 'node:inspector/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startApplication } from './support/application.mjs';
import { openCheckout } from './support/checkout.mjs';

if (process.env.WALK_CHECKOUT) await count(process.env.WALK_CHECKOUT);
else await compare(process.argv.slice(2));

/** One process for each checkout: two copies of the same classes in one would be counted together. */
async function compare(paths) {
  const { execFileSync } = await import('node:child_process');
  const tables = (paths.length > 0 ? paths : ['.']).map((path) =>
    JSON.parse(
      execFileSync(process.execPath, [fileURLToPath(import.meta.url)], {
        env: { ...process.env, WALK_CHECKOUT: path, WALK_FILES: process.env.WALK_FILES ?? '' },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    ),
  );
  const [now, before] = tables;
  const rows = Object.entries(now).map(([trip, { files, functions }]) => ({
    trip,
    files: files.length,
    functions,
    ...(before
      ? { 'files before': before[trip].files.length, 'functions before': before[trip].functions }
      : {}),
  }));
  console.table(rows);
  if (process.env.WALK_FILES)
    for (const [trip, { files }] of Object.entries(now)) console.log(`\n${trip}\n  ${files.join('\n  ')}`);
}

async function count(path) {
  const checkout = openCheckout(path);
  const { SandboxBrowser, startSandbox } = await checkout.load('sandbox/index.js');
  const sandbox = await startSandbox({ scenario: 'demo' });
  const running = await startApplication(checkout, { sandbox, http: 'fastify' });
  const { app, kit, url } = running;
  const [{ name }] = sandbox.marketplaces
    .documents()
    .map((document) => ({ name: document.marketplace ?? document.name }));
  const bills = app.get(kit.BillingService).for(name).bills;
  const bill = { groupId: 'cld-1', priceCents: 2000, currency: 'AUD', description: 'Walk' };
  let turn = 0;
  let form;

  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

  const trips = {
    'one SAMLResponse': {
      prepare: async () => {
        form = await reachForm(SandboxBrowser, sandbox, url, name);
      },
      work: async () => {
        const { status } = await form.browser.post(form.action, { SAMLResponse: form.samlResponse });
        if (status !== 303) throw new Error(`SAMLResponse: ${status}`);
      },
    },
    'one notification': async () => {
      turn += 1;
      const updated_at = new Date().toISOString();
      const invoice = { id: `inv-${turn}`, group_id: 'cld-1', code: 'A', updated_at };
      const [delivery] = await sandbox.webhooks.notify({ invoices: [invoice] });
      if (delivery?.status !== 200) throw new Error(`notification: ${delivery?.status}`);
    },
    'one removal': async () => {
      const [delivery] = await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-2');
      if (delivery?.status !== 200) throw new Error(`removal: ${delivery?.status}`);
    },
    'bills.create': () => bills.create(bill),
    createOnce: () => bills.createOnce(`walk-${(turn += 1)}`, bill),
  };
  const counted = {};
  for (const [trip, given] of Object.entries(trips)) {
    const { prepare = () => {}, work } = typeof given === 'function' ? { work: given } : given;
    await prepare();
    await work();
    await prepare();
    await session.post('Profiler.takePreciseCoverage');
    await work();
    const { result } = await session.post('Profiler.takePreciseCoverage');
    counted[trip] = entered(result, checkout.folder);
  }
  session.disconnect();
  await running.close();
  await sandbox.close();
  console.log(JSON.stringify(counted));
}

/** A login as far as the form that the identity provider has the browser post. */
async function reachForm(SandboxBrowser, sandbox, url, marketplace) {
  const browser = new SandboxBrowser();
  const init = `${url}/maestrano/auth/saml/init/${marketplace}?group_id=cld-1`;
  const page = await browser.get(init, (address) =>
    address.startsWith(`${sandbox.url}/api/v1/auth/saml?`)
      ? `${address}&user_uid=usr-1&group_id=cld-1`
      : address,
  );
  const unescape = (text) =>
    text
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&');
  const action = /<form[^>]* action="([^"]*)"/.exec(page.body)?.[1] ?? '';
  const value = /name="SAMLResponse"[^>]* value="([^"]*)"/.exec(page.body)?.[1] ?? '';
  return { browser, action: unescape(action), samlResponse: unescape(value) };
}

/** Files of ours with a function that ran; the sandbox is the other side and does not count. */
function entered(scripts, folder) {
  const files = [];
  let functions = 0;
  for (const { url, functions: all } of scripts) {
    if (!url.startsWith('file:')) continue;
    const file = relative(folder, fileURLToPath(url)).replaceAll('\\', '/');
    if (file.startsWith('..') || file.startsWith('sandbox/')) continue;
    const ran = all.filter(
      ({ functionName, ranges }) => ranges[0].count > 0 && !isModule(functionName, ranges[0]),
    );
    if (ran.length === 0) continue;
    files.push(file);
    functions += ran.length;
  }
  return { files: files.sort(), functions };
}

function isModule(name, range) {
  return name === '' && range.startOffset === 0;
}
