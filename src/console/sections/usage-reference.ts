import { MaestranoConsoleError } from '../../errors/console.error.js';
import type { UsageStatement } from '../../usage/statement/usage-statement.js';
import type { UsageChainRef, UsageStatementRef } from '../../usage/usage-references.js';
import { decimalText } from '../../views/format.js';
import type { ConsoleFields } from '../console-section.js';
import { placesOf } from '../../usage/exact/currency-step.js';

/** What a person decides about a statement. */
export const DECISIONS = ['approve', 'retry', 'writeOff', 'reopen'] as const;
export type UsageDecision = (typeof DECISIONS)[number];

/** The decisions that a statement can take as it stands. */
export function decisionsOf({ status, error }: UsageStatement): readonly UsageDecision[] {
  if (status === 'held') return ['approve', 'writeOff'];
  if (status === 'refused' || status === 'expired') return ['retry', 'writeOff'];
  if (status === 'sealed' && error === 'usage.stale') return ['retry'];
  return status === 'billed' ? ['reopen'] : [];
}

/** A chain in the fields of a form, or of an address. @throws MaestranoConsoleError `console.input` */
export function chainOf(fields: ConsoleFields): UsageChainRef {
  const [marketplace = '', group = '', meter = ''] = ['marketplace', 'group', 'meter'].map((name) =>
    fields.get(name)?.trim(),
  );
  if (marketplace === '' || group === '' || meter === '') {
    throw new MaestranoConsoleError('console.input', {
      message: 'Usage is named by marketplace, company and meter.',
      remedy: 'Begin with the list of companies.',
    });
  }
  const chain = fields.get('chain') ?? '';
  return { marketplace, group, meter, ...(chain === '' ? {} : { chain }) };
}

/** A statement in the fields of a form, or of an address. @throws MaestranoConsoleError `console.input` */
export function statementOf(fields: ConsoleFields): UsageStatementRef {
  const seq = Number(fields.get('seq'));
  if (Number.isSafeInteger(seq) && seq > 0) return { ...chainOf(fields), seq };
  throw new MaestranoConsoleError('console.input', { message: 'A statement is named by its number.' });
}

/** A statement, or its chain, as parameters of an address. */
export function queryOf({
  marketplace,
  group,
  meter,
  chain,
  seq,
}: UsageChainRef & { readonly seq?: number }): Readonly<Record<string, string>> {
  return {
    marketplace,
    group,
    meter,
    ...(chain === undefined ? {} : { chain }),
    ...(seq === undefined ? {} : { seq: String(seq) }),
  };
}

/** The reference of a statement that was read. */
export function referenceOf({ company, meter, chain, seq }: UsageStatement): UsageStatementRef {
  return { marketplace: company.marketplace, group: company.group, meter: meter.name, chain, seq };
}

/** An amount in the currency's main unit, as people read it. */
export function amountOf(amount: string, currency: string): string {
  return decimalText(amount, currency, placesOf(currency));
}
