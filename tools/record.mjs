// Records what all endpoints and pages respond, on both HTTP adapters, so that two commits can be compared:
//   node tools/record.mjs CHECKOUT > before.json
//   node tools/record.mjs --compare before.json after.json
// What differs by chance (ids, times, keys, ports) is replaced by its kind. Exits with 1 where something differs.
import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';

import { startApplication } from './support/application.mjs';
import { openCheckout } from './support/checkout.mjs';

function compare(before, after) {
  let differences = 0;
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[name], after[name]].map((one) => JSON.stringify(one, null, 2) ?? '(nothing)');
    if (old === now) continue;
    differences += 1;
    console.log(`\n### ${name}`);
    const [a, b] = [old.split('\n'), now.split('\n')];
    for (const line of a) if (!b.includes(line)) console.log(`- ${line}`);
    for (const line of b) if (!a.includes(line)) console.log(`+ ${line}`);
  }
  console.log(
    `\n${Object.keys(before).length} recorded before, ${Object.keys(after).length} after, ${differences} differ`,
  );
  process.exitCode = differences > 0 ? 1 : 0;
}

async function record(path) {
  const checkout = openCheckout(path);
  const recorded = {};
  for (const http of ['express', 'fastify']) {
    const sandboxKit = await checkout.load('sandbox/index.js');
    const sandbox = await sandboxKit.startSandbox({ scenario: 'demo' });
    const running = await startApplication(checkout, { sandbox, http });
    const clean = cleaner(sandbox, running.url);
    const note = async (name, url, options) => {
      recorded[`${http} ${name}`] = clean(await send(url, options));
    };
    try {
      await recordEndpoints(note, sandbox, running.url);
      await recordLogins(note, sandboxKit, sandbox, running.url);
      if (http === 'express') await recordPages(note, sandbox);
      recorded[`${http} calls of the adapters and handlers`] = running.calls;
    } finally {
      await running.close();
      await sandbox.close();
    }
  }
  return recorded;
}

/** Everything that the platform calls, with right and wrong credentials and with bodies of many kinds. */
async function recordEndpoints(note, sandbox, url) {
  const [{ marketplace, api }] = sandbox.marketplaces.documents();
  const basic = (id, key) => ({ authorization: `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}` });
  const right = basic(api.id, api.key);
  const wrong = basic(api.id, 'wrong');
  const json = { 'content-type': 'application/json' };
  const at = (path) => `${url}/maestrano/${path}`;

  for (const [name, headers] of Object.entries({
    right,
    wrong,
    none: {},
    bearer: { authorization: 'Bearer x' },
  })) {
    await note(`metadata, ${name}`, at(`metadata/${marketplace}`), { headers });
    await note(`metadata without a name, ${name}`, at('metadata'), { headers });
    await note(`metadata of a stranger, ${name}`, at('metadata/stranger'), { headers });
    await note(`user removal, ${name}`, at(`account/groups/cld-1/users/usr-2/${marketplace}`), {
      method: 'DELETE',
      headers,
    });
    await note(`notification, ${name}`, at(`connec/notifications/${marketplace}`), {
      method: 'POST',
      headers: { ...json, ...headers },
      body: JSON.stringify({ invoices: [{ id: `inv-${name}`, group_id: 'cld-1' }] }),
    });
    await note(`company removal, ${name}`, at(`account/groups/cld-9/${marketplace}`), {
      method: 'DELETE',
      headers,
    });
    await note(`synchronization status, ${name}`, at(`${marketplace}/synchronizations/cld-1`), { headers });
  }
  await note('HEAD of metadata', at(`metadata/${marketplace}`), { method: 'HEAD', headers: right });
  await note('wrong verb on metadata', at(`metadata/${marketplace}`), { method: 'PATCH', headers: right });
  await note('nothing of ours', at('nothing'), { headers: right });
  await note('removal with a JSON type and a body', at(`account/groups/cld-8/${marketplace}`), {
    method: 'DELETE',
    headers: { ...right, ...json },
    body: '{}',
  });
  for (const id of ['%2e%2e', 'cld-1%2Fx', 'x'.repeat(600), '%00', 'cld%20-1', '%zz'])
    await note(`removal of ${id.slice(0, 20)}`, at(`account/groups/${id}/${marketplace}`), {
      method: 'DELETE',
      headers: right,
    });

  const invoice = (more = {}) => ({
    invoices: [{ id: 'inv-1', group_id: 'cld-1', updated_at: '2026-01-01T00:00:00Z', ...more }],
  });
  const bodies = {
    valid: [JSON.stringify(invoice()), json],
    again: [JSON.stringify(invoice()), json],
    older: [JSON.stringify(invoice({ updated_at: '2025-01-01T00:00:00Z' })), json],
    poison: [JSON.stringify(invoice({ id: 'inv-2', code: 'POISON' })), json],
    'vnd.api+json': [
      JSON.stringify(invoice({ id: 'inv-3' })),
      { 'content-type': 'application/vnd.api+json' },
    ],
    'with charset': [
      JSON.stringify(invoice({ id: 'inv-4' })),
      { 'content-type': 'application/json; charset=utf-8' },
    ],
    'latin1 charset': [
      JSON.stringify(invoice({ id: 'inv-4b' })),
      { 'content-type': 'application/json; charset=iso-8859-1' },
    ],
    'byte order mark': [`\ufeff${JSON.stringify(invoice({ id: 'inv-5' }))}`, json],
    'no JSON': ['{"invoices":', json],
    empty: ['', json],
    'a list': ['[]', json],
    'a number': ['1', json],
    null: ['null', json],
    'an odd value': ['{"invoices":1}', json],
    'an unknown scalar': ['{"version":"2.0","invoices":[]}', json],
    __proto__: ['{"__proto__":{"x":1},"invoices":[]}', json],
    'no group': [JSON.stringify({ invoices: [{ id: 'inv-6' }] }), json],
    'no type': [JSON.stringify(invoice({ id: 'inv-7' })), {}],
    'text/plain': ['hello', { 'content-type': 'text/plain' }],
    form: ['a=1', { 'content-type': 'application/x-www-form-urlencoded' }],
    gzip: [gzipSync(JSON.stringify(invoice({ id: 'inv-8' }))), { ...json, 'content-encoding': 'gzip' }],
    deep: [`{"invoices":[{"id":"inv-9","group_id":"cld-1","a":${'['.repeat(60)}${']'.repeat(60)}}]}`, json],
    'too large': [
      JSON.stringify({ invoices: [{ id: 'x', group_id: 'cld-1', note: 'x'.repeat(6_000_000) }] }),
      json,
    ],
    'many entities': [
      JSON.stringify({
        invoices: Array.from({ length: 10_001 }, (_, id) => ({ id: String(id), group_id: 'cld-1' })),
      }),
      json,
    ],
  };
  for (const [name, [body, headers]] of Object.entries(bodies))
    await note(`notification: ${name}`, at(`connec/notifications/${marketplace}`), {
      method: 'POST',
      headers: { ...right, ...headers },
      body,
    });
  const start = { organization: { uid: 'cld-1' } };
  for (const [name, body] of Object.entries({
    start,
    unknown: { organization: { uid: 'cld-unknown' } },
    none: {},
    full: { ...start, force: true, entities: ['invoices'] },
  }))
    for (const [verb, method, path] of [
      ['synchronization start', 'POST', `${marketplace}/synchronizations`],
      ['synchronization toggle', 'PUT', `${marketplace}/synchronizations/toggle_sync`],
    ])
      await note(`${verb}: ${name}`, at(path), {
        method,
        headers: { ...right, ...json },
        body: JSON.stringify({ group_id: body.organization?.uid, ...body }),
      });
  await note('home', `${url}/`, {});
  for (const accept of ['text/html', 'application/json'])
    await note(`guarded page as ${accept}`, `${url}/guarded`, { headers: { accept } });
}

/** Begins of logins, and every response of the workshop, as a browser and as a client of the API. */
async function recordLogins(note, { ASSERTION_VARIANTS, SandboxBrowser }, sandbox, url) {
  const [{ marketplace }] = sandbox.marketplaces.documents();
  const init = `${url}/maestrano/auth/saml/init/${marketplace}`;
  const consume = `${url}/maestrano/auth/saml/consume/${marketplace}`;
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  for (const query of [
    '',
    '?group_id=cld-1',
    '?return_to=/guarded',
    '?return_to=https://evil.example/',
    '?return_to=//evil.example',
    '?group_id=%00',
  ])
    await note(`begin of a login ${query}`, init + query, {});
  await note('begin at an unknown marketplace', `${url}/maestrano/auth/saml/init/stranger`, {});
  for (const accept of ['text/html', 'application/json']) {
    await note(`consume by GET as ${accept}`, consume, { headers: { accept } });
    for (const body of [
      '',
      'SAMLResponse=',
      'SAMLResponse=x',
      'SAMLResponse=PGE%2B',
      'SAMLResponse=a&SAMLResponse=b',
      `SAMLResponse=${'A'.repeat(200_000)}`,
    ])
      await note(`consume of ${body.slice(0, 40)} as ${accept}`, consume, {
        method: 'POST',
        headers: { ...form, accept },
        body,
      });
    for (const { name } of ASSERTION_VARIANTS) {
      const reached = await reach(new SandboxBrowser(), init, sandbox.url);
      const samlResponse = await sandbox.assertions.build(name, {
        acsUrl: reached.acsUrl,
        requestId: reached.requestId,
      });
      const body = new URLSearchParams({ SAMLResponse: samlResponse }).toString();
      await note(`response "${name}" as ${accept}`, consume, {
        method: 'POST',
        headers: { ...form, accept, cookie: reached.cookie },
        body,
      });
    }
  }
  const login = await sandbox.login(url, {
    user: 'usr-1',
    group: 'cld-1',
    params: { return_to: '/guarded' },
  });
  await note('guarded page after a login', `${url}/guarded`, { headers: { cookie: login.cookieHeader } });
  await sandbox.webhooks.deleteGroupUser('cld-1', 'usr-1');
  for (const accept of ['text/html', 'application/json'])
    await note(`guarded page after the removal as ${accept}`, `${url}/guarded`, {
      headers: { cookie: login.cookieHeader, accept },
    });
}

/** A login as far as the request that reached the identity provider. */
async function reach(browser, init, provider) {
  await browser.get(init, (address) =>
    address.startsWith(provider) ? `${address}&user_uid=usr-1&group_id=cld-1` : address,
  );
  const asked = browser.steps.find(({ url }) => url.includes('SAMLRequest='));
  const { inflateRawSync } = await import('node:zlib');
  const xml = inflateRawSync(
    Buffer.from(new URL(asked.url).searchParams.get('SAMLRequest'), 'base64'),
  ).toString();
  return {
    requestId: /\bID="([^"]+)"/.exec(xml)[1],
    acsUrl: /AssertionConsumerServiceURL="([^"]+)"/.exec(xml)[1],
    cookie: browser.jar.header(new URL(init)),
  };
}

/** The pages and the APIs of the sandbox. */
async function recordPages(note, sandbox) {
  const [{ api }] = sandbox.marketplaces.documents();
  const headers = { authorization: `Basic ${Buffer.from(`${api.id}:${api.key}`).toString('base64')}` };
  for (const page of [
    '',
    'marketplaces',
    'webhooks',
    'bills',
    'weather',
    'faults',
    'journal',
    'journal/live.js',
    'people',
    'data',
    'nothing',
    'api/v1/auth/saml',
    'app_logout',
    'app_access_unauthorized',
  ])
    await note(`sandbox page /${page}`, `${sandbox.url}/${page}`, { headers: { accept: 'text/html' } });
  for (const path of [
    'ping',
    'account/bills',
    'account/bills/none',
    'account/recurring_bills',
    'account/groups',
    'account/groups/cld-1',
    'account/users',
    'account/users/usr-1',
    'account/resellers',
  ])
    await note(`sandbox API ${path}`, `${sandbox.url}/api/v1/${path}`, { headers });
}

/** One request without a client's own manners: no redirect is followed, no header added. */
function send(url, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const outgoing = httpRequest(
      url,
      { method, headers: { ...headers, ...length }, agent: false },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        const done = () =>
          resolve({
            status: response.statusCode,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          });
        response.on('end', done);
        response.on('error', done);
      },
    );
    outgoing.on('error', (error) => {
      // A server that refuses a body may close while it is being sent, before or after its response.
      if (error.code === 'EPIPE' || error.code === 'ECONNRESET')
        resolve({ status: null, headers: {}, body: 'connection closed' });
      else reject(error);
    });
    outgoing.end(body);
  });
}

const CHANCE = [
  [/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs, '<certificate>'],
  [/\bmno-login-[0-9a-f]{16}\b/g, 'mno-login-<id>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?\b/g, '<time>'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?\b/g, '<time>'],
  [/\b\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d(?::\d\d)?\b/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uuid>'],
  [/(?:[0-9A-Fa-f]{2}:){15,}[0-9A-Fa-f]{2}/g, '<fingerprint>'],
  [/\b_[0-9a-f]{20,}\b/g, '<request id>'],
  [/[A-Za-z0-9+/]{120,}={0,2}/g, '<base64>'],
  [/(SAMLRequest|SAMLResponse|trace)=[^&"\s]+/g, '$1=<value>'],
  [/(<(?:code|strong)[^>]*>)[0-9A-Z]{4}-?[0-9A-Z]{4}(<)/g, '$1<trace code>$2'],
  [/("trace(?:Code)?":")[^"]+/g, '$1<trace code>'],
  [/(name="csrf" value=")[\w-]+/g, '$1<token>'],
  [/\b127\.0\.0\.1:\d+/g, '<address>'],
  [/>\d\d:\d\d:\d\d</g, '><time><'],
  [/\bdur=[\d.]+/g, 'dur=<duration>'],
  [/\b\d+(?:\.\d+)? (?:ms|sec|min|seconds?|minutes?)\b/g, '<duration>'],
];

function cleaner(sandbox, appUrl) {
  const text = (given) => {
    let out = given.replaceAll(sandbox.url, '<sandbox>').replaceAll(appUrl, '<app>');
    out = out
      .replaceAll(encodeURIComponent(sandbox.url), '<sandbox>')
      .replaceAll(encodeURIComponent(appUrl), '<app>');
    for (const [pattern, by] of CHANCE) out = out.replace(pattern, by);
    return out;
  };
  return ({ status, headers, body }) => {
    const { date: _date, etag: _etag, 'content-length': _length, 'keep-alive': _alive, ...kept } = headers;
    const shown = Object.entries(kept)
      .map(
        ([name, value]) =>
          `${name}: ${text(String(name === 'set-cookie' ? value.map((line) => line.replace(/=[^;]*/, '=<value>')) : value))}`,
      )
      .sort();
    return { status, headers: shown, body: text(body).split('\n') };
  };
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--compare') compare(...rest.map((file) => JSON.parse(readFileSync(file, 'utf8'))));
else process.stdout.write(`${JSON.stringify(await record(first ?? '.'), null, 1)}\n`);
