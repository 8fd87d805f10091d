import { ASSERTION_VARIANTS } from '../../sandbox/workshop/assertion-workshop.js';
import { demand } from './compliance-failure.js';
import type { ComplianceScenario } from './compliance-scenario.interface.js';

/** One scenario for each way in which a response can be wrong; the valid ones are to be accepted. */
export const ASSERTION_SCENARIOS: readonly ComplianceScenario[] = ASSERTION_VARIANTS.map(
  ({ name, title, expected }): ComplianceScenario => ({
    id: `assertion-${name}`,
    area: 'assertion',
    title: expected.length === 0 ? `Accepted: ${title}` : `Rejected: ${title}`,
    remedy:
      expected.length === 0
        ? 'Accept what the real identity provider may send, as SsoService does.'
        : `Check it: nestjs-maestrano rejects it with ${expected.join(' or ')}.`,
    run: async (bench) => {
      const result = await bench.sandbox.assertions.send(bench.appUrl, name, bench.customer());
      demand(result.status < 500, `The application failed with status ${result.status}.`);
      demand(
        result.rejected === expected.length > 0,
        result.rejected
          ? `It was rejected (${result.code ?? `status ${result.status}`}).`
          : 'It was accepted.',
      );
      demand(result.asExpected, `It was rejected for another reason: ${result.code}.`);
    },
  }),
);
