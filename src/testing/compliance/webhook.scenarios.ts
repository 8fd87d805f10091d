import { isSuccess } from './compliance-bench.js';
import { demand } from './compliance-failure.js';
import type { ComplianceScenario } from './compliance-scenario.interface.js';

const area = 'webhook';
const IDEMPOTENT =
  'The marketplace may repeat itself: in deleteGroup and removeMember, what is gone already is a success.';
const AUTHENTICATE = 'Put MaestranoBasicAuthGuard, or your own, on the route.';

const is401 = (status: number) => status === 401;

/** Companies that cancel and people who leave (protocol §6). */
export const WEBHOOK_SCENARIOS: readonly ComplianceScenario[] = [
  {
    id: 'webhook-group',
    area,
    title: 'A company cancels, and its sessions end',
    remedy:
      'Close the sessions of the group in the webhook (SessionService.closeGroup): the next recheck is minutes away.',
    run: async (bench) => {
      const who = bench.customer();
      const { cookieHeader } = await bench.signedIn(who);
      bench.expectDeliveries(await bench.sandbox.webhooks.deleteGroup(who.group), isSuccess, 'DELETE group');
      demand(!(await bench.seesPage(cookieHeader)), 'The session of the cancelled company goes on.');
    },
  },
  {
    id: 'webhook-group-twice',
    area,
    title: 'A company cancels twice',
    remedy: IDEMPOTENT,
    run: async (bench) => {
      const who = bench.customer();
      await bench.signedIn(who);
      const deliveries = await bench.sandbox.webhooks.deleteGroup(who.group, { times: 2 });
      bench.expectDeliveries(deliveries, isSuccess, 'DELETE group');
    },
  },
  {
    id: 'webhook-group-burst',
    area,
    title: 'A company cancels five times at once',
    remedy: IDEMPOTENT,
    run: async (bench) => {
      const who = bench.customer();
      await bench.signedIn(who);
      const deliveries = await bench.sandbox.webhooks.deleteGroup(who.group, { times: 5, burst: true });
      bench.expectDeliveries(deliveries, isSuccess, 'DELETE group');
    },
  },
  {
    id: 'webhook-group-json',
    area,
    title: 'A company cancels in a request that is announced as JSON and empty',
    remedy:
      'Most HTTP clients announce JSON always: let no body parser of your own stand before the routes of MaestranoModule.',
    run: async (bench) => {
      const who = bench.customer();
      await bench.signedIn(who);
      const { paths } = bench.sandbox.marketplaces.get(bench.marketplace);
      const headers = { 'content-type': 'application/json' };
      const { status } = await bench.request('DELETE', paths.group.replace(':id', who.group), { headers });
      demand(isSuccess(status), `DELETE group announced as JSON: status ${status}.`);
    },
  },
  {
    id: 'webhook-group-unknown',
    area,
    title: 'A company that never signed in cancels',
    remedy: IDEMPOTENT,
    run: async (bench) => {
      const deliveries = await bench.sandbox.webhooks.deleteGroup('cld-never-seen', { onlySend: true });
      bench.expectDeliveries(deliveries, isSuccess, 'DELETE group');
    },
  },
  {
    id: 'webhook-group-wrong-credentials',
    area,
    title: 'Nobody cancels a company with wrong credentials',
    remedy: AUTHENTICATE,
    run: async (bench) => {
      const who = bench.customer();
      const { cookieHeader } = await bench.signedIn(who);
      for (const credentials of ['wrong', 'none'] as const) {
        const deliveries = await bench.sandbox.webhooks.deleteGroup(who.group, {
          credentials,
          onlySend: true,
        });
        bench.expectDeliveries(deliveries, is401, `DELETE group with ${credentials} credentials`);
      }
      demand(await bench.seesPage(cookieHeader), 'The session ended all the same.');
    },
  },
  {
    id: 'webhook-group-foreign-credentials',
    area,
    title: 'Nobody cancels a company with the credentials of another marketplace',
    remedy:
      'The marketplace of the route decides whose credentials count: put MaestranoBasicAuthGuard on it.',
    run: async (bench) => {
      const who = bench.customer();
      const { cookieHeader } = await bench.signedIn(who);
      const credentials = { of: bench.otherMarketplace };
      const deliveries = await bench.sandbox.webhooks.deleteGroup(who.group, { credentials, onlySend: true });
      bench.expectDeliveries(deliveries, is401, 'DELETE group');
      demand(await bench.seesPage(cookieHeader), 'The session ended all the same.');
    },
  },
  {
    id: 'webhook-user',
    area,
    title: "A person leaves: that person's session ends, a colleague's goes on",
    remedy:
      'Close the sessions of that person in that group, and no others (SessionService.closeMembership).',
    run: async (bench) => {
      const who = bench.customer();
      const colleague = bench.colleague(who);
      const leaving = await bench.signedIn(who);
      const staying = await bench.signedIn(colleague);
      const deliveries = await bench.sandbox.webhooks.deleteGroupUser(who.group, who.user);
      bench.expectDeliveries(deliveries, isSuccess, 'DELETE group user');
      demand(!(await bench.seesPage(leaving.cookieHeader)), 'The session of the person goes on.');
      demand(await bench.seesPage(staying.cookieHeader), "The colleague's session ended as well.");
    },
  },
  {
    id: 'webhook-user-twice',
    area,
    title: 'A person leaves twice',
    remedy: IDEMPOTENT,
    run: async (bench) => {
      const who = bench.customer();
      await bench.signedIn(who);
      const deliveries = await bench.sandbox.webhooks.deleteGroupUser(who.group, who.user, { times: 2 });
      bench.expectDeliveries(deliveries, isSuccess, 'DELETE group user');
    },
  },
  {
    id: 'webhook-user-unknown',
    area,
    title: 'A person whom nobody knows leaves a company that nobody knows',
    remedy: IDEMPOTENT,
    run: async (bench) => {
      const deliveries = await bench.sandbox.webhooks.deleteGroupUser('cld-none', 'usr-none', {
        onlySend: true,
      });
      bench.expectDeliveries(deliveries, isSuccess, 'DELETE group user');
    },
  },
  {
    id: 'webhook-user-wrong-credentials',
    area,
    title: 'Nobody removes a person with wrong credentials',
    remedy: AUTHENTICATE,
    run: async (bench) => {
      const who = bench.customer();
      for (const credentials of ['wrong', 'none'] as const) {
        const options = { credentials, onlySend: true };
        const deliveries = await bench.sandbox.webhooks.deleteGroupUser(who.group, who.user, options);
        bench.expectDeliveries(deliveries, is401, `DELETE group user with ${credentials} credentials`);
      }
    },
  },
  {
    id: 'webhook-odd-ids',
    area,
    title: 'Identifiers with slashes, dots and percent signs crash nothing',
    remedy:
      'The uid in GroupReference and MembershipReference is decoded: treat it as data, and decode it no further.',
    run: async (bench) => {
      for (const group of ['cld/../1', '..%2f..', 'cld-%00', `cld-${'9'.repeat(500)}`, "cld-1';--"]) {
        const [delivery] = await bench.sandbox.webhooks.deleteGroup(group, { onlySend: true });
        const status = delivery?.status ?? 599;
        demand(status < 500, `DELETE of ${JSON.stringify(group.slice(0, 20))} responded with ${status}.`);
      }
    },
  },
  {
    id: 'webhook-login-after-cancel',
    area,
    title: 'A company that comes back under a new id signs in',
    remedy: 'A returning customer has a new group id: let findOrCreateUser block nobody for their past.',
    run: async (bench) => {
      const who = bench.customer();
      await bench.signedIn(who);
      await bench.sandbox.webhooks.deleteGroup(who.group);
      const next = bench.customer();
      bench.sandbox.build.member(bench.marketplace, who.user, next.group, 'Admin');
      await bench.signedIn({ user: who.user, group: next.group });
    },
  },
];
