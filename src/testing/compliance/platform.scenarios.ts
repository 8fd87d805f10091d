import { type ComplianceBench, isSuccess } from './compliance-bench.js';
import { ComplianceSkip, demand } from './compliance-failure.js';
import type { ComplianceScenario } from './compliance-scenario.interface.js';

const area = 'platform';
const KEEP = 'Keep the last configuration that worked until a better one arrives, as MarketplaceLoader does.';

/** How long a webhook may take while the marketplace never responds, in milliseconds. */
const SILENCE_MS = 10_000;

/** What happens when the marketplace itself is in trouble, or changes its keys (protocol §2.5). */
export const PLATFORM_SCENARIOS: readonly ComplianceScenario[] = [
  {
    id: 'platform-down-session',
    area,
    title: 'People who are signed in go on working while the marketplace is down',
    remedy: 'Give a session some grace when its recheck gets no response (session.graceMs).',
    run: async (bench) => {
      const { cookieHeader } = await bench.signedIn(bench.customer());
      // Found out by signing in, where nobody named it: not possible any more once the marketplace is down.
      await bench.page();
      await whileDown(bench, async () => {
        demand(await bench.seesPage(cookieHeader), 'The page is not shown.');
      });
    },
  },
  {
    id: 'platform-down-webhooks',
    area,
    title: 'Webhooks get a response while the marketplace does not respond to the application',
    remedy:
      'Do not call the marketplace in deleteGroup or removeMember before you respond to it, or bear its silence (MaestranoHttpError).',
    run: (bench) =>
      whileDown(bench, async () => {
        const deliveries = await bench.sandbox.webhooks.deleteGroup('cld-of-nobody', { onlySend: true });
        bench.expectDeliveries(deliveries, isSuccess, 'DELETE group');
      }),
  },
  {
    id: 'platform-silent-cancel',
    area,
    title: 'A customer cancels while the marketplace never responds, and the webhook gets its response',
    remedy:
      'Give what deleteGroup asks the marketplace a deadline of two seconds, and go on without it, as finish() of nestjs-maestrano/usage does.',
    run: async (bench) => {
      const who = bench.customer();
      await bench.signedIn(who);
      const fault = bench.sandbox.faults.add({}, { hang: true });
      try {
        const begun = performance.now();
        const deliveries = await bench.sandbox.webhooks.deleteGroup(who.group, { onlySend: true });
        bench.expectDeliveries(deliveries, isSuccess, 'DELETE group');
        const took = Math.round(performance.now() - begun);
        demand(took <= SILENCE_MS, `DELETE group got its response after ${took} ms.`);
      } finally {
        bench.sandbox.faults.remove(fault.id);
      }
    },
  },
  {
    id: 'platform-down-refresh',
    area,
    title: 'The configuration outlives a developer platform that is down',
    remedy: KEEP,
    run: async (bench) => {
      await whileDown(bench, () =>
        bench.refresh().catch((error: unknown) => {
          // Failing is what a refresh is to do here; not being able to ask for one is something else.
          if (error instanceof ComplianceSkip) throw error;
        }),
      );
      await bench.signedIn(bench.customer());
    },
  },
  {
    id: 'platform-emptied',
    area,
    title: 'The configuration outlives an empty response of the developer platform',
    remedy: KEEP,
    run: async (bench) => {
      const fault = bench.sandbox.faults.add(
        { part: 'platform' },
        { status: 200, body: { marketplaces: [] } },
      );
      try {
        await bench.refresh();
      } finally {
        bench.sandbox.faults.remove(fault.id);
      }
      await bench.signedIn(bench.customer());
    },
  },
  {
    id: 'platform-key-rotated',
    area,
    title: 'After a rotation with overlap the old key and the new one open the webhooks',
    remedy: 'Accept every key that the configuration lists, as MaestranoBasicAuthGuard does.',
    run: async (bench) => {
      bench.sandbox.marketplaces.rotateKey(bench.marketplace);
      await bench.refresh();
      for (const credentials of ['valid', 'old'] as const) {
        const deliveries = await bench.sandbox.webhooks.deleteGroup('cld-of-nobody', {
          credentials,
          onlySend: true,
        });
        bench.expectDeliveries(
          deliveries,
          isSuccess,
          `With the ${credentials === 'old' ? 'old' : 'new'} key`,
        );
      }
    },
  },
  {
    id: 'platform-certificate-rotated',
    area,
    title: 'After a rotation with overlap responses signed with either key are accepted',
    remedy: 'Try every certificate that the configuration lists, as SsoService does.',
    run: async (bench) => {
      for (const signWith of ['new', 'old'] as const) {
        await bench.sandbox.marketplaces.rotateCertificate(bench.marketplace, { signWith });
        await bench.refresh();
        await bench.signedIn(bench.customer());
        bench.sandbox.marketplaces.retireOldCertificates(bench.marketplace);
        await bench.refresh();
      }
    },
  },
];

async function whileDown(bench: ComplianceBench, work: () => Promise<void>): Promise<void> {
  const faults = bench.sandbox.faults.preset('down');
  try {
    await work();
  } finally {
    for (const { id } of faults) bench.sandbox.faults.remove(id);
  }
}
