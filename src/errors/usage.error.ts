import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Codes of {@link MaestranoUsageError}, with their meaning. In none of them anything is charged. */
export const USAGE_ERROR_CODES = {
  'usage.conflict': {
    meaning: 'The id stands for another fact already; the first one holds.',
    remedy: 'Give every use an id of its own, and a retry the id, time and quantity of the first try.',
    httpStatus: 409,
  },
  'usage.future': {
    meaning: 'The fact is more than five minutes ahead of this clock.',
    remedy: 'Give the time of the use; look at the clock of the machine that gave it.',
    httpStatus: 422,
  },
  'usage.tooLate': {
    meaning: 'The fact is older than `acceptFor`: whether it was counted before is not known any more.',
    remedy: 'Charge it by hand, if it was not.',
    httpStatus: 422,
  },
  'usage.beforeMeter': {
    meaning: 'The fact is older than the meter.',
    remedy: 'Usage before `from` of the meter is never charged.',
    httpStatus: 422,
  },
  'usage.fact': {
    meaning: 'The fact cannot be read.',
    remedy:
      'Give marketplace, group, meter and id, with `at` as a Date; in a correction, the id of the fact as `corrects` in place of `at`.',
    httpStatus: 422,
  },
  'usage.quantity': {
    meaning: 'The quantity is no decimal from 0 up with at most 12 digits and 6 places.',
    remedy: "Give decimal text such as '0.25', or a whole number: numbers with a fraction are not exact.",
    httpStatus: 422,
  },
  'usage.unknownMeter': {
    meaning: 'There is no meter of this name.',
    remedy: 'Add it to `meters` of MaestranoUsageModule, or correct the name.',
    httpStatus: 404,
  },
  'usage.unknownGroup': {
    meaning: 'The company is not known; its usage is kept, and not closed.',
    remedy: 'Look whether the marketplace, or the `company` option, knows the group.',
    httpStatus: 404,
  },
  'usage.left': {
    meaning: 'The company had left before the fact.',
    remedy: 'Usage after a company left is not charged.',
    httpStatus: 422,
  },
  'usage.currency': {
    meaning: "The meter has no price in the company's currency; its usage is kept, and not closed.",
    remedy: 'Add the currency to `prices` of the meter.',
    httpStatus: 422,
  },
  'usage.priceChanged': {
    meaning: 'A price of the past was changed, which would change periods that are billed.',
    remedy: 'Restore it, and add a price with `from` in the future.',
  },
  'usage.grace': {
    meaning: 'The grace of a meter is another than periods wait for that are open: theirs holds.',
    remedy: 'Nothing has to be done: periods that are opened from now on have the present one.',
  },
  'usage.unknownStatement': { meaning: 'There is no such statement, chain or fact.', httpStatus: 404 },
  'usage.status': {
    meaning: 'The statement is not in the state that the operation is for.',
    remedy: 'Look at `status` of the statement.',
    httpStatus: 409,
  },
  'usage.stale': {
    meaning: 'The statement was sealed so long ago that nobody knows any more whether its bill was made.',
    remedy: "Look at the company's bills, then call retry() or writeOff().",
    httpStatus: 409,
  },
  'usage.held': {
    meaning: 'The statement waits: for a card, or since its amount is large.',
    remedy: 'Look at it, then call approve() or writeOff().',
    httpStatus: 409,
  },
  'usage.refused': {
    meaning: 'The marketplace refused the bill of a statement; its amount stays in the books.',
    remedy: 'Correct what `fields` says, then call retry() or writeOff().',
    httpStatus: 409,
  },
  'usage.invoiced': {
    meaning: 'The bill is invoiced, and cannot be taken back any more.',
    remedy: 'Correct the facts: the difference goes into the next statement.',
    httpStatus: 409,
  },
  'usage.contention': {
    meaning: 'Others changed the same chain again and again.',
    remedy: 'Call it again.',
    httpStatus: 503,
  },
  'usage.failed': {
    meaning: 'A company could not be closed for a reason that is none of ours; the others were.',
    remedy: 'Look at the cause; the next run tries again.',
  },
  'usage.storeVolatile': {
    meaning: 'The store of the usage is over with the process.',
    remedy: 'Give it a SqlUsageStore, or set acceptDataLoss.',
  },
  'usage.store': { meaning: 'The store of the usage cannot be used as it is.' },
} as const satisfies ErrorTable;

/** One of {@link USAGE_ERROR_CODES}. */
export type UsageErrorCode = keyof typeof USAGE_ERROR_CODES;

/** What is known of the work that failed. */
export interface UsageErrorFacts extends MaestranoErrorFacts {
  readonly group?: string | undefined;
  readonly meter?: string | undefined;
  /** Messages of the marketplace by field. */
  readonly fields?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** Everything that goes wrong in the metering of usage. Never holds keys or quantities of facts. */
export class MaestranoUsageError extends MaestranoError {
  declare readonly code: UsageErrorCode;
  /** The customer company the work was for. */
  readonly group: string | null;
  readonly meter: string | null;
  /** Of `usage.refused`: the marketplace's messages by field; empty otherwise. */
  readonly fields: Readonly<Record<string, readonly string[]>>;

  constructor(code: UsageErrorCode, facts: UsageErrorFacts = {}) {
    super(USAGE_ERROR_CODES[code], code, facts);
    this.group = facts.group ?? null;
    this.meter = facts.meter ?? null;
    this.fields = facts.fields ?? {};
  }
}
