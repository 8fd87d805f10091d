import { randomUUID } from 'node:crypto';

import { type ComplianceBench, isSuccess } from './compliance-bench.js';
import { demand } from './compliance-failure.js';
import type { ComplianceScenario } from './compliance-scenario.interface.js';

const area = 'notification';
const IGNORE =
  'Ignore and count what you do not know, as the route of MaestranoModule does; a rejection only has it repeated.';

type Entities = Readonly<Record<string, unknown>>;

function person(group: string, changes: Entities = {}): Entities {
  return {
    id: randomUUID(),
    group_id: group,
    first_name: 'Jo',
    last_name: 'Doe',
    resource_type: 'people',
    updated_at: new Date().toISOString(),
    ...changes,
  };
}

async function takes(bench: ComplianceBench, entities: Entities, times = 1): Promise<void> {
  bench.expectDeliveries(await bench.sandbox.webhooks.notify(entities, { times }), isSuccess, 'Notification');
}

async function knownGroup(bench: ComplianceBench): Promise<string> {
  const who = bench.customer();
  await bench.signedIn(who);
  return who.group;
}

async function raw(bench: ComplianceBench, body: string): Promise<number> {
  const { notification } = bench.sandbox.marketplaces.get(bench.marketplace).paths;
  const headers = { 'content-type': 'application/json' };
  return (await bench.request('POST', notification, { body, headers })).status;
}

/** What Connec! reports (protocol §7). */
export const NOTIFICATION_SCENARIOS: readonly ComplianceScenario[] = [
  {
    id: 'notification',
    area,
    title: 'A notification is taken',
    remedy:
      'Let MaestranoModule serve the notification path, and keep prefixes, guards and CSRF protection off it (maestranoRoutes()); the delivery log of the sandbox shows the response.',
    run: async (bench) => takes(bench, { people: [person(await knownGroup(bench))] }),
  },
  {
    id: 'notification-mixed',
    area,
    title: 'Several resources of several groups in one notification are taken',
    remedy: 'A request may speak of many customers: a ConnecHandler is called for each group_id.',
    run: async (bench) => {
      const [one, two] = [await knownGroup(bench), await knownGroup(bench)];
      const organizations = [{ ...person(one, { resource_type: 'organizations' }), name: 'DoeCorp' }];
      await takes(bench, { people: [person(one), person(two)], organizations });
    },
  },
  {
    id: 'notification-twice',
    area,
    title: 'The same notification twice is taken twice',
    remedy:
      'Recognise a repeated delivery and respond as to the first; ConnecHandler methods are called once.',
    run: async (bench) => takes(bench, { people: [person(await knownGroup(bench))] }, 2),
  },
  {
    id: 'notification-reordered',
    area,
    title: 'An older change after a newer one is taken',
    remedy:
      'Drop what is older than what you have, and respond with success; the store behind ConnecHandler remembers for you.',
    run: async (bench) => {
      const group = await knownGroup(bench);
      const id = randomUUID();
      await takes(bench, { people: [person(group, { id, updated_at: '2026-06-02T00:00:00Z' })] });
      await takes(bench, { people: [person(group, { id, updated_at: '2026-06-01T00:00:00Z' })] });
    },
  },
  {
    id: 'notification-unknown-resource',
    area,
    title: 'A resource that nobody knows is taken',
    remedy: IGNORE,
    run: async (bench) => takes(bench, { flying_saucers: [person(await knownGroup(bench))] }),
  },
  {
    id: 'notification-scalars',
    area,
    title: 'Texts and numbers beside the resources are passed over',
    remedy: IGNORE,
    run: async (bench) =>
      takes(bench, { version: '2.0', sequence: 7, people: [person(await knownGroup(bench))] }),
  },
  {
    id: 'notification-unknown-group',
    area,
    title: 'Entities of a group that nobody knows are taken',
    remedy: IGNORE,
    run: (bench) => takes(bench, { people: [person('cld-never-seen')] }),
  },
  {
    id: 'notification-company-object',
    area,
    title: 'The company as an object, and as a list, is taken',
    remedy: 'The singular resource comes in either form; a ConnecHandler gets a list always.',
    run: async (bench) => {
      const company = person(await knownGroup(bench), { resource_type: 'company', name: 'DoeCorp' });
      await takes(bench, { company });
      await takes(bench, { company: [company] });
    },
  },
  {
    id: 'notification-empty',
    area,
    title: 'A notification of nothing is taken',
    remedy: 'An empty object is a valid notification; the route of MaestranoModule takes it.',
    run: (bench) => takes(bench, {}),
  },
  {
    id: 'notification-huge',
    area,
    title: '2,000 entities at once are taken, or rejected as too large',
    remedy: 'Raise the body limit of the notification path (webhooks.bodyLimit), or respond with 413.',
    run: async (bench) => {
      const group = await knownGroup(bench);
      const people = Array.from({ length: 2_000 }, () => person(group));
      const [delivery] = await bench.sandbox.webhooks.notify({ people }, { timeoutMs: 30_000 });
      const status = delivery?.status ?? 599;
      demand(
        isSuccess(status) || status === 413,
        `It responded with ${delivery?.status ?? delivery?.error}.`,
      );
    },
  },
  {
    id: 'notification-malformed',
    area,
    title: 'A body that is no JSON gets 400',
    remedy: 'Respond with 400 to what cannot be parsed, never 5xx; the route of MaestranoModule does.',
    run: async (bench) => {
      const status = await raw(bench, '{"people": [ {');
      demand(status === 400, `It responded with ${status}.`);
    },
  },
  {
    id: 'notification-odd-shapes',
    area,
    title: 'Lists, numbers and deep nesting instead of entities crash nothing',
    remedy:
      'Check the shape of what comes, and bound its depth, as the route of MaestranoModule does before a ConnecHandler.',
    run: async (bench) => {
      const deep = `{"people":[${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}]}`;
      for (const body of [
        '[]',
        '"text"',
        '{"people":7}',
        '{"people":[7,null]}',
        '{"__proto__":[{}]}',
        deep,
      ]) {
        const status = await raw(bench, body);
        demand(status < 500, `${body.slice(0, 40)} responded with ${status}.`);
      }
    },
  },
  {
    id: 'notification-wrong-credentials',
    area,
    title: 'Nobody notifies with wrong credentials',
    remedy: 'Put MaestranoBasicAuthGuard, or your own, on the notification path.',
    run: async (bench) => {
      for (const credentials of ['wrong', 'none'] as const) {
        const deliveries = await bench.sandbox.webhooks.notify(
          { people: [person('cld-1')] },
          { credentials },
        );
        bench.expectDeliveries(deliveries, (status) => status === 401, `With ${credentials} credentials`);
      }
    },
  },
  {
    id: 'notification-foreign-credentials',
    area,
    title: 'Nobody notifies with the credentials of another marketplace',
    remedy:
      'The marketplace of the route decides whose credentials count: put MaestranoBasicAuthGuard on it.',
    run: async (bench) => {
      const credentials = { of: bench.otherMarketplace };
      const deliveries = await bench.sandbox.webhooks.notify({ people: [person('cld-1')] }, { credentials });
      bench.expectDeliveries(deliveries, (status) => status === 401, 'Notification');
    },
  },
];
