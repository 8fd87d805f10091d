import { randomUUID } from 'node:crypto';

import type { INestApplication } from '@nestjs/common';

import { MaestranoUsageError } from '../../errors/usage.error.js';
import type { UsageStatement } from '../../usage/statement/usage-statement.js';
import { MaestranoUsage } from '../../usage/usage.service.js';

/** A customer company on a marketplace. */
interface Company {
  readonly marketplace: string;
  readonly group: string;
}

/** The metering of an application, for scenarios that have something used. */
export interface ComplianceUsage {
  /** Has a company use something once; says what keeps it from being charged, null where nothing does. */
  use(company: Company): Promise<string | null>;
  /** What is sealed of a company. */
  statements(company: Company): Promise<readonly UsageStatement[]>;
  /** Sends what is sealed. */
  close(company: Company): Promise<void>;
}

/** How long ago a use was, in milliseconds. */
const AGO_MS = 60_000;

/** The metering of an application that runs in this process; undefined where it has none. */
export function complianceUsage(app: INestApplication): ComplianceUsage | undefined {
  let usage: MaestranoUsage;
  try {
    usage = app.get(MaestranoUsage, { strict: false });
  } catch {
    return undefined;
  }
  return {
    use: async (company) => {
      let why = 'It has no meter.';
      for (const meter of usage.meters) {
        try {
          await usage.record({
            ...company,
            meter,
            id: `compliance-${randomUUID()}`,
            at: new Date(Date.now() - AGO_MS),
            quantity: 1,
            key: 'compliance',
          });
          await usage.preview({ ...company, meter });
          return null;
        } catch (error) {
          if (!(error instanceof MaestranoUsageError)) throw error;
          why = error.message;
        }
      }
      return why;
    },
    statements: async (company) => {
      const found: UsageStatement[] = [];
      for await (const one of usage.statements(company)) found.push(one);
      return found;
    },
    close: async (company) => void (await usage.close(company)),
  };
}
