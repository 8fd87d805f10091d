import { Injectable } from '@nestjs/common';

import { BillingService } from '../../account/billing.service.js';
import type { ChargeInspection } from '../../account/ledger/charge-inspection.js';
import type { ListedKey } from '../../account/ledger/charge-ledger.service.js';
import type { AccountEntity } from '../../account/fields.js';
import { MaestranoConsoleError } from '../../errors/console.error.js';
import { MarketplaceRegistry } from '../../marketplace/marketplace-registry.js';
import { count } from '../../views/format.js';
import type {
  ConsoleAction,
  ConsoleAttention,
  ConsoleFields,
  ConsolePage,
  ConsoleSection,
} from '../console-section.js';
import type { ConsoleView } from '../console-view.js';
import type { ChargeReference } from './charge-reference.js';
import { amountOf, confirmPage, inspectionPage, listPage } from './charges-look.js';

/** Keys that are read at once. */
const LIMIT = 50;
/** Undecided charges that the overview counts. */
const COUNTED = 200;
/** Longest that a look at the marketplace takes, in milliseconds. */
const DEADLINE_MS = 8_000;

/** What was charged once, and what is undecided: beside what it may be at the marketplace, and settled by somebody. */
@Injectable()
export class ChargesSection implements ConsoleSection {
  readonly path = 'charges';
  readonly name = 'Charges';
  readonly group = 'Money';
  readonly actions: Readonly<Record<string, ConsoleAction>> = {
    settle: {
      role: 'money',
      describe: (fields) => {
        const { marketplace, key } = this.#referenceOf(fields);
        const id = fields.get('charge') ?? '';
        return {
          what: id === '' ? 'Settled a charge as never made' : `Settled a charge as ${id}`,
          on: `${key} on ${marketplace}`,
        };
      },
      run: (fields) => this.#settle(fields),
    },
  };

  constructor(
    private readonly billing: BillingService,
    private readonly registry: MarketplaceRegistry,
  ) {}

  async attention(): Promise<readonly ConsoleAttention[]> {
    const { keys, next } = await this.billing.keys('open', { limit: COUNTED });
    const undecided = keys.filter((key) => this.#isUndecided(key));
    const oldest = undecided.at(-1);
    if (!oldest) return [];
    if (undecided.length > 1) {
      return [
        {
          waiting: 'money',
          tone: 'warn',
          word: 'Charges undecided',
          title: `${count(undecided.length, 'charge')}${next === null ? '' : ' or more'} may or may not be on an invoice`,
          why: 'The connection broke after something was sent. Nothing is sent again until each is decided.',
          act: 'Decide…',
        },
      ];
    }
    return [
      {
        waiting: 'money',
        tone: 'warn',
        word: 'Charge undecided',
        title: `${amountOf(oldest)} for ${oldest.groupId} may or may not be on its invoice`,
        why: 'The connection broke after it was sent. Nothing is sent again until it is decided.',
        act: 'Decide…',
        page: 'undecided',
        query: queryOf(oldest),
      },
    ];
  }

  async page(view: ConsoleView, name: string): Promise<ConsolePage | null> {
    if (name === '') return this.#list(view);
    if (name !== 'undecided' && name !== 'confirm') return null;
    const reference = this.#referenceOf(new Map(view.query));
    const inspection = await this.#inspect(reference);
    if (name === 'undecided') return inspectionPage(view, reference, inspection);
    const charge = view.param('charge');
    checkChoice(inspection, charge);
    return confirmPage(view, reference, inspection, charge);
  }

  async #list(view: ConsoleView): Promise<ConsolePage> {
    const before = view.param('before');
    const [open, done] = await Promise.all([
      this.billing.keys('open', { limit: LIMIT }),
      this.billing.keys('done', { limit: LIMIT, ...(before === '' ? {} : { before }) }),
    ]);
    return listPage(view, { open, done, isUndecided: (key) => this.#isUndecided(key) });
  }

  async #settle(fields: ConsoleFields) {
    const reference = this.#referenceOf(fields);
    const charge = fields.get('charge') ?? '';
    const inspection = await this.#inspect(reference);
    checkChoice(inspection, charge);
    await this.#collection(reference).settleOnce(reference.key, charge === '' ? null : charge, {
      deadlineMs: DEADLINE_MS,
    });
    return {
      text:
        charge === ''
          ? `Settled: nothing was made for ${reference.key}. The next createOnce of the application with this key sends it.`
          : `Settled: ${reference.key} stands for ${charge}. The next createOnce of the application with this key gets it, and sends nothing.`,
    };
  }

  #inspect(reference: ChargeReference): Promise<ChargeInspection<AccountEntity>> {
    return this.#collection(reference).inspectOnce(reference.key, { deadlineMs: DEADLINE_MS });
  }

  #collection({ marketplace, resource }: ChargeReference) {
    const { bills, recurringBills } = this.billing.for(marketplace);
    return resource === 'bills' ? bills : recurringBills;
  }

  /** Whether nobody works on an open key any more, as far as can be seen. */
  #isUndecided({ at }: ListedKey): boolean {
    return Date.now() - at.getTime() > this.billing.createOnceDeadlineMs;
  }

  #referenceOf(fields: ConsoleFields): ChargeReference {
    const marketplace = fields.get('marketplace') ?? '';
    const resource = fields.get('resource') ?? '';
    const key = fields.get('key') ?? '';
    if (!this.registry.has(marketplace) || !['bills', 'recurring_bills'].includes(resource) || key === '') {
      throw new MaestranoConsoleError('console.input', {
        message: 'A charge is named by marketplace, resource and key.',
        remedy: 'Begin with the list of charges.',
      });
    }
    return { marketplace, resource, key };
  }
}

function queryOf({ marketplace, resource, key }: ListedKey): Readonly<Record<string, string>> {
  return { marketplace, resource, key };
}

/**
 * Only a new charge of the list can be it, and none only once nothing can arrive any more.
 *
 * @throws MaestranoConsoleError `console.changed`
 */
function checkChoice({ candidates, arrivesWithinMs }: ChargeInspection<AccountEntity>, charge: string): void {
  if (charge === '' && arrivesWithinMs > 0) {
    throw new MaestranoConsoleError('console.changed', {
      message: `What was sent may still arrive, for ${Math.ceil(arrivesWithinMs / 1_000)} s. Nothing was settled.`,
      remedy: 'Wait until then, and look again.',
    });
  }
  if (charge === '' || candidates.some((one) => one.isNew && one.charge.id === charge)) return;
  throw new MaestranoConsoleError('console.changed', {
    message: `${charge} is no charge that this could be: it is gone, was there before, or belongs to another key.`,
  });
}
