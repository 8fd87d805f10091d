import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';

import { BillingService } from '../account/billing.service.js';
import { MembershipService } from '../account/membership.service.js';
import { MaestranoNotFoundError } from '../errors/account.error.js';
import { MaestranoUsageError } from '../errors/usage.error.js';
import { errorPlace } from '../utils/error-place.js';
import { settledWithin } from '../utils/settled-within.js';
import { knownCompany, type KnownCompany } from './engine/usage-company.js';
import type { UsageCall, UsageContext } from './engine/usage-context.js';
import type { UsageEvent } from './engine/usage-event.js';
import { UsageOperations } from './usage-operations.js';
import type { MaestranoUsageOptions } from './usage-options.interface.js';
import { resolveUsageSettings, type UsageSettings } from './usage-settings.js';

/** How long a function of the application may take, in milliseconds, where the call does not say. */
const CALLBACK_MS = 10_000;

/** Injection token of the options of `MaestranoUsageModule`. */
export const MAESTRANO_USAGE_OPTIONS = Symbol('MAESTRANO_USAGE_OPTIONS');

/**
 * Usage into bills: every use is charged once (docs/usage.md).
 *
 * ```ts
 * await this.usage.record({ marketplace, group, meter: 'sms', id: message.id, at: message.sentAt });
 * ```
 */
@Injectable()
export class MaestranoUsage extends UsageOperations implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('MaestranoUsage');
  readonly #settings: UsageSettings;

  /** @throws MaestranoConfigurationError (`configuration.options`) with everything that is wrong */
  constructor(
    @Inject(MAESTRANO_USAGE_OPTIONS) options: MaestranoUsageOptions,
    billing: BillingService,
    membership: MembershipService,
  ) {
    const settings = resolveUsageSettings(options);
    super(contextOf(settings, billing, membership));
    this.#settings = settings;
  }

  /** @throws MaestranoUsageError `usage.storeVolatile`, `usage.priceChanged`, and what the store's own check rejects with */
  async onModuleInit(): Promise<void> {
    const { store, acceptDataLoss } = this.#settings;
    if (store.durability === 'memory' && !acceptDataLoss && process.env.NODE_ENV === 'production') {
      throw new MaestranoUsageError('usage.storeVolatile');
    }
    await store.check();
    for (const warning of await this.checkMeters()) this.#logger.warn(warning);
  }

  /** @internal Nest's own hook. */
  async onApplicationShutdown(): Promise<void> {
    await this.#settings.store.close();
  }
}

function contextOf(
  settings: UsageSettings,
  billing: BillingService,
  membership: MembershipService,
): UsageContext {
  const logger = new Logger('MaestranoUsage');
  return {
    settings,
    store: settings.store,
    now: () => Date.now(),
    billing: {
      createOnce: async (marketplace, key, bill, call) =>
        (await billing.for(marketplace).bills.createOnce(key, bill, call)).id,
      find: async (marketplace, id, call) => {
        try {
          const bill = await billing.for(marketplace).bills.retrieve(id, call);
          return {
            priceCents: bill.priceCents,
            currency: bill.currency,
            isCancelled: bill.status === 'cancelled',
          };
        } catch (error) {
          if (error instanceof MaestranoNotFoundError) return null;
          throw error;
        }
      },
      cancel: async (marketplace, id, call) => {
        await billing.for(marketplace).bills.cancel(id, call);
      },
    },
    company: (company, call) => lookUp(settings, membership, company, call),
    emit: async (event) => {
      logger.warn(eventInWords(event));
      try {
        const isDone = await settledWithin(CALLBACK_MS, Promise.resolve(settings.onEvent?.(event)));
        if (!isDone) logger.warn(`onEvent of ${event.type} is not waited for any longer.`);
      } catch (error) {
        logger.error(`onEvent failed for ${event.type}.`, errorPlace(error));
      }
    },
  };
}

async function lookUp(
  { company }: UsageSettings,
  membership: MembershipService,
  { marketplace, group }: { readonly marketplace: string; readonly group: string },
  call: UsageCall,
): Promise<KnownCompany | null> {
  if (company) return askApplication(company, { marketplace, group }, call.deadlineMs ?? CALLBACK_MS);
  try {
    const { timezone, ...found } = await membership.for(marketplace).groups.retrieve(group, call);
    return knownCompany({ ...found, zone: timezone });
  } catch (error) {
    if (error instanceof MaestranoNotFoundError) return null;
    throw error;
  }
}

/** @throws MaestranoUsageError `usage.failed` when the application's function fails, or takes too long. */
async function askApplication(
  company: NonNullable<MaestranoUsageOptions['company']>,
  subject: { readonly marketplace: string; readonly group: string },
  withinMs: number,
): Promise<KnownCompany | null> {
  let found: Awaited<ReturnType<typeof company>> = null;
  const asking = (async () => {
    found = await company(subject);
  })();
  const isDone = await settledWithin(withinMs, asking).catch((cause: unknown) => {
    throw new MaestranoUsageError('usage.failed', { ...subject, cause });
  });
  if (!isDone) {
    throw new MaestranoUsageError('usage.failed', {
      ...subject,
      message: `The option company() did not respond within ${withinMs} ms.`,
      remedy: 'Find what it waits for; the next run asks again.',
    });
  }
  return found && knownCompany(found);
}

function eventInWords(event: UsageEvent): string {
  const { type, statement, amount, currency, meter, marketplace, group } = event;
  const of = statement === null ? '' : `, statement ${statement}`;
  return `${type}: ${amount} ${currency} of "${meter}" (${marketplace}/${group}${of}).`;
}
