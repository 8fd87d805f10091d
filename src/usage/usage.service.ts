import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';

import { BillingService } from '../account/billing.service.js';
import { MembershipService } from '../account/membership.service.js';
import { MaestranoNotFoundError } from '../errors/account.error.js';
import { MaestranoUsageError } from '../errors/usage.error.js';
import { errorPlace } from '../utils/error-place.js';
import { knownCompany, type KnownCompany } from './engine/usage-company.js';
import type { UsageCall, UsageContext } from './engine/usage-context.js';
import type { UsageEvent } from './engine/usage-event.js';
import { UsageOperations } from './usage-operations.js';
import type { MaestranoUsageOptions } from './usage-options.interface.js';
import { resolveUsageSettings, type UsageSettings } from './usage-settings.js';

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

  /** @throws MaestranoUsageError `usage.store`, `usage.priceChanged` */
  async onModuleInit(): Promise<void> {
    const { store, acceptDataLoss } = this.#settings;
    if (store.durability === 'memory' && !acceptDataLoss && process.env.NODE_ENV === 'production') {
      throw new MaestranoUsageError('usage.store', {
        message: 'The store of the usage is over with the process.',
        remedy: 'Give it a SqlUsageStore, or set acceptDataLoss.',
      });
    }
    await store.check();
    await this.checkPrices();
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
      cancel: async (marketplace, id, call) => {
        await billing.for(marketplace).bills.cancel(id, call);
      },
    },
    company: (company, call) => lookUp(settings, membership, company, call),
    tell: async (event) => {
      logger.warn(eventInWords(event));
      try {
        await settings.onEvent?.(event);
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
  if (company) {
    const found = await company({ marketplace, group });
    return found && knownCompany(found);
  }
  try {
    const { timezone, ...found } = await membership.for(marketplace).groups.retrieve(group, call);
    return knownCompany({ ...found, zone: timezone });
  } catch (error) {
    if (error instanceof MaestranoNotFoundError) return null;
    throw error;
  }
}

function eventInWords(event: UsageEvent): string {
  const { type, statement, amount, currency, meter, marketplace, group } = event;
  const of = statement === null ? '' : `, statement ${statement}`;
  return `${type}: ${amount} ${currency} of "${meter}" (${marketplace}/${group}${of}).`;
}
