import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import { Logger } from '@nestjs/common';
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml';

import { assertionXml, formField, responseXml, SAML as NAMES } from '../src/sandbox/idp/response-document.js';
import { signElement } from '../src/sandbox/idp/sign-element.js';
import { keyPair } from '../src/sandbox/keys/key-pairs.js';
import type { Marketplace } from '../src/interfaces/marketplace.interface.js';
import type { SsoOptions } from '../src/interfaces/sso-options.interface.js';
import { LoginTransactionService } from '../src/sso/saml/login-transaction.service.js';
import { SamlService } from '../src/sso/saml/saml.service.js';
import { LoginTraceService } from '../src/sso/trace/login-trace.service.js';
import { MemoryStore } from '../src/stores/memory-store.js';
import { storeKey } from '../src/stores/store-key.js';
import { defineBench, type ProbeBench, type ProbeValue } from './harness.js';

const ACS = 'https://app.example.com/maestrano/auth/saml/consume/lab';
const REQUEST = '_3f9d0c52-0000-4000-8000-000000000001';
const LIFETIME = 3_600_000;

const at = (milliseconds: number): string => new Date(milliseconds).toISOString();

const ATTRIBUTES: readonly (readonly [string, string])[] = [
  ['mno_uid', 'usr-1'],
  ['mno_session', 'tok36charactersabcdefghijklmnopqrstu'],
  ['mno_session_recheck', at(Date.now() + 180_000)],
  ['group_uid', 'cld-1'],
  ['group_name', 'Kovač & Daughters'],
  ['group_end_free_trial', at(Date.now())],
  ['group_role', 'Admin'],
  ['group_has_credit_card', 'false'],
  ['group_email', 'cld-1@example.com'],
  ['group_currency', 'AUD'],
  ['group_timezone', 'Australia/Sydney'],
  ['group_country', 'AU'],
  ['group_city', 'Sydney'],
  ['uid', 'usr-1'],
  ['virtual_uid', 'usr-1.cld-1'],
  ['email', 'jo@example.com'],
  ['virtual_email', 'usr-1.cld-1@mail.maestrano.com'],
  ['name', 'Jo'],
  ['surname', 'Doe'],
  ['country', 'NZ'],
  ['company_name', ''],
  ['app_owner', 'true'],
  ['organizations', '{}'],
];

async function scene(): Promise<{ xml: string; response: string; pem: string; marketplace: Marketplace }> {
  const key = await keyPair(1, { commonName: 'bench' });
  const now = Date.now();
  const fields = {
    responseId: '_response',
    assertionId: '_assertion',
    issueInstant: at(now),
    destination: ACS,
    inResponseTo: REQUEST,
    // As long as the real provider's, which holds the request it answers.
    issuer: `https://hub.example.com/api/v1/auth/saml?SAMLRequest=${'nZJRS8MwEMe'.repeat(52)}`,
    status: NAMES.success,
    nameId: 'usr-1',
    recipient: ACS,
    subjectNotOnOrAfter: at(now + LIFETIME),
    notBefore: at(now - 5000),
    notOnOrAfter: at(now + LIFETIME),
    audience: 'https://app.example.com/',
    attributes: ATTRIBUTES,
  };
  const xml = signElement(responseXml(fields, assertionXml(fields)), 'Assertion', key, 'sha256');
  const response = formField(xml);
  const sso = {
    enabled: true,
    sloEnabled: true,
    protocol: 'saml',
    creationMode: 'real',
    idm: 'https://app.example.com',
    initPath: '/init',
    consumePath: new URL(ACS).pathname,
    idp: 'https://hub.example.com',
    nameIdFormat: NAMES.persistent,
    certificates: [
      {
        pem: key.certificate,
        sha1: '',
        sha256: '',
        subject: '',
        notBefore: new Date(),
        notAfter: new Date(),
        bits: 2048,
      },
    ],
    fingerprints: [],
  };
  // What judging reads of a snapshot.
  const marketplace = { name: 'lab', api: { id: 'app-1', base: '/api/v1/' }, sso } as unknown as Marketplace;
  return { xml, response, pem: key.certificate, marketplace };
}

/** A login as the consume endpoint judges it; the same response again and again, so its records are put back. */
function judge(marketplace: Marketplace, response: string, sso: SsoOptions = {}): () => Promise<unknown> {
  const store = new MemoryStore();
  const transactions = new LoginTransactionService(store, { sso });
  const saml = new SamlService(transactions, new LoginTraceService(store), { sso });
  const open = JSON.stringify({
    id: REQUEST,
    marketplace: 'lab',
    returnTo: null,
    params: {},
    startedAt: Date.now(),
  });
  return async () => {
    await store.set(storeKey('sso-request', 'lab', REQUEST), open, LIFETIME);
    await store.delete(storeKey('sso-replay', 'lab', '_assertion'));
    return saml.validate({ marketplace, samlResponse: response, boundRequestIds: [REQUEST] });
  };
}

/** node-saml alone with the recommended options, a fresh instance each time as multi-tenant use needs. */
function bare(response: string, pem: string): () => Promise<unknown> {
  const known = { value: at(Date.now()) };
  const cacheProvider = {
    saveAsync: () => Promise.resolve(null),
    getAsync: () => Promise.resolve(known.value),
    removeAsync: () => Promise.resolve(null),
  };
  return () =>
    new SAML({
      callbackUrl: ACS,
      entryPoint: 'https://hub.example.com/api/v1/auth/saml',
      issuer: 'app-1',
      audience: 'https://app.example.com/',
      idpCert: pem,
      wantAssertionsSigned: true,
      wantAuthnResponseSigned: false,
      validateInResponseTo: ValidateInResponseTo.always,
      cacheProvider,
      acceptedClockSkewMs: 60_000,
      maxAssertionAgeMs: 900_000,
    }).validatePostResponseAsync({ SAMLResponse: response });
}

/** The costliest shapes that the limits let through to node-saml, by what they add to a valid response. */
const WORST: Readonly<Record<string, (xml: string) => string>> = {
  elements: (xml) => xml.replace('<AttributeStatement>', `<AttributeStatement>${'<a/>'.repeat(210)}`),
  attributes: (xml) =>
    xml.replace('<AttributeStatement>', `<AttributeStatement>${`<a ${many(22)}/>`.repeat(22)}`),
  text: (xml) => xml.replace('>Admin<', `>${'x'.repeat(80_000)}<`),
  references: (xml) => xml.replace('>Admin<', `>${'&#65;'.repeat(16_000)}<`),
  blanks: (xml) => xml.replace('<AttributeStatement>', `<AttributeStatement><a${' '.repeat(80_000)}/>`),
};
const many = (count: number): string => Array.from({ length: count }, (_, index) => `b${index}=""`).join(' ');

/** CPU milliseconds of one call, the median of some. */
async function cost(operation: () => Promise<unknown>, runs: number): Promise<number> {
  const costs: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const before = process.cpuUsage();
    await operation().catch(() => undefined);
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1000);
  }
  return costs.sort((one, other) => one - other)[Math.floor(runs / 2)] ?? 0;
}

const hostile: ProbeBench = {
  name: 'SAML responses within the limits whose signature does not hold, CPU beyond a valid one',
  probe: async ({ short }) => {
    const { xml, response, marketplace } = await scene();
    Logger.overrideLogger(false);
    const runs = short ? 1 : 15;
    await cost(judge(marketplace, response), short ? 1 : 40);
    const valid = await cost(judge(marketplace, response), runs);
    const values: Record<string, ProbeValue> = {};
    for (const [name, spoil] of Object.entries(WORST)) {
      const value = (await cost(judge(marketplace, formField(spoil(xml))), runs)) - valid;
      values[name] = { value, unit: 'ms', goal: { atMost: 50 } };
    }
    return values;
  },
};

/** Asks an address every few milliseconds from a process of its own; prints the 99th percentile in milliseconds. */
const CLIENT = `
const [url, duration] = process.argv.slice(1);
const { Agent, get } = require('node:http');
const agent = new Agent({ keepAlive: true });
const times = [];
const end = performance.now() + Number(duration);
function ask() {
  const started = performance.now();
  get(url, { agent }, (answer) => {
    answer.resume();
    answer.on('end', () => {
      times.push(performance.now() - started);
      if (performance.now() < end) return setTimeout(ask, 4);
      times.sort((one, other) => one - other);
      console.log(times[Math.floor(times.length * 0.99)]);
      process.exit(0);
    });
  });
}
ask();`;

/** The 99th percentile of an unrelated route of this process, in milliseconds. */
async function p99(url: string, durationMs: number): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', CLIENT, url, String(durationMs)]);
  return Number(stdout);
}

/** The same while logins arrive, fifty a second. */
async function p99During(url: string, durationMs: number, login: () => Promise<unknown>): Promise<number> {
  // The first logins load node-saml and start the threads, the next hundreds have it compiled.
  for (let done = 0; done < (durationMs > 1_000 ? 300 : 8); done += 1) await login().catch(() => undefined);
  const arrivals = setInterval(() => void login().catch(() => undefined), 20);
  try {
    return await p99(url, durationMs);
  } finally {
    clearInterval(arrivals);
  }
}

/** Keeps a core busy for so many milliseconds and does nothing else: what the machine itself makes of two cores. */
const COUNTING = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', (duration) => {
  const end = performance.now() + duration;
  while (performance.now() < end);
  parentPort.postMessage('done');
});`;

const workers: ProbeBench = {
  name: 'p99 of an unrelated route at 50 SAML logins a second, against idle',
  probe: async ({ short }) => {
    Logger.overrideLogger(false);
    const { response, marketplace } = await scene();
    const server = createServer((_request, answer) => void answer.end('ok'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const durationMs = short ? 300 : 8_000;
    await p99(url, 300);
    const idle = await p99(url, durationMs);
    const pooled = await p99During(url, durationMs, judge(marketplace, response, { workers: { max: 1 } }));
    const inline = await p99During(url, durationMs, judge(marketplace, response));
    const counting = new Worker(COUNTING, { eval: true });
    const floor = await p99During(url, durationMs, () => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      counting.postMessage(10);
      return once(counting, 'message');
    });
    await counting.terminate();
    server.close();
    return {
      idle: { value: idle, unit: 'ms' },
      'on a worker thread': { value: pooled / idle, unit: 'x', goal: { atMost: 1.5 } },
      'in this thread': { value: inline / idle, unit: 'x' },
      'on a thread that only counts as long': { value: floor / idle, unit: 'x' },
    };
  },
};

export default defineBench(hostile, workers, {
  name: 'SAML login with every check, against bare node-saml',
  setup: async ({ short }) => {
    const { response, pem, marketplace } = await scene();
    const [alone, ours] = [bare(response, pem), judge(marketplace, response)];
    // A server runs for days: both are compiled before they are compared.
    for (let done = 0; done < (short ? 1 : 300); done += 1) for (const run of [alone, ours]) await run();
    return {
      baseline: alone,
      candidates: {
        'all checks, trace, transaction and replay guard': {
          run: ours,
          goal: { atMost: 1.1 },
        },
      },
      slotMs: 120,
    };
  },
});
