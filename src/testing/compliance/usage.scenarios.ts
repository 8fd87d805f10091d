import { setTimeout as pause } from 'node:timers/promises';

import { isSuccess } from './compliance-bench.js';
import { ComplianceSkip, demand } from './compliance-failure.js';
import type { ComplianceScenario } from './compliance-scenario.interface.js';

/** How long a webhook may take while the marketplace never responds, in milliseconds: the last close sends for two seconds. */
const WEBHOOK_MS = 10_000;

/** Looks for the bill once the marketplace is back, and the milliseconds between: a breaker may be open for a while. */
const [LOOKS, BETWEEN_MS] = [120, 250];

const REMEDY =
  'Call finish() of MaestranoUsage before you respond, as MaestranoUsageModule of nestjs-maestrano/usage does by itself beside MaestranoModule.';

/** Usage of companies that cancel (usage §5.5). Skipped where nobody can have the application use something. */
export const USAGE_SCENARIOS: readonly ComplianceScenario[] = [
  {
    id: 'usage-last-close',
    area: 'usage',
    title:
      'A company cancels with usage open while the marketplace never responds: sealed before the webhook gets its response, billed once afterwards',
    remedy: REMEDY,
    run: async (bench) => {
      const { usage, sandbox, marketplace } = bench;
      if (!usage) throw new ComplianceSkip('From outside nobody can have the application use something.');
      const { group, user } = bench.customer();
      await bench.signedIn({ group, user });
      const company = { marketplace, group };
      const why = await usage.use(company);
      if (why !== null) throw new ComplianceSkip(`No use of a new company is charged: ${why}`);
      const fault = sandbox.faults.add({}, { hang: true });
      try {
        const begun = performance.now();
        const deliveries = await sandbox.webhooks.deleteGroup(group, { onlySend: true });
        const took = Math.round(performance.now() - begun);
        bench.expectDeliveries(deliveries, isSuccess, 'DELETE group');
        demand(took <= WEBHOOK_MS, `DELETE group got its response after ${took} ms.`);
        const sealed = await usage.statements(company);
        demand(
          sealed.some(({ facts }) => facts.count > 0),
          'The webhook has its response, and the usage is in no statement.',
        );
      } finally {
        sandbox.faults.remove(fault.id);
      }
      for (let look = 0; look < LOOKS; look += 1) {
        await usage.close(company);
        const waits = (await usage.statements(company)).some(
          ({ status, held }) => status === 'sealed' || held === 'company',
        );
        if (!waits) break;
        await pause(BETWEEN_MS);
      }
      const billed = (await usage.statements(company)).flatMap(({ bills }) => bills);
      const made = sandbox.state.bills.list().filter(({ groupId }) => groupId === group);
      demand(
        billed.every(({ id }) => made.filter((bill) => bill.id === id).length === 1),
        'The marketplace is back, and its bill is not there once.',
      );
      demand(
        made.length === billed.length,
        `It was charged ${made.length} times for ${billed.length} bills.`,
      );
    },
  },
];
