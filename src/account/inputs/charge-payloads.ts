import { validateSync, type ValidationError } from 'class-validator';

import { InvalidRequestError } from '../../errors/account.error.js';
import { toDecimalText } from '../../utils/decimal.js';
import { snakeCase } from '../field-messages.js';
import { BillDto } from './bill.dto.js';
import type { BillInput, RecurringBillInput } from './bill-input.interface.js';
import { toMoment } from './input-rules.js';
import { RecurringBillDto } from './recurring-bill.dto.js';

/** The JSON body of a creation: snake_case, dates in ISO 8601 UTC (protocol §8.2). */
export type ChargePayload = Readonly<Record<string, string | number | boolean>>;

/** For errors: where the payload would go. */
export interface PayloadContext {
  readonly marketplace: string;
  readonly operation: string;
}

/** @throws InvalidRequestError (`account.invalidInput`) with messages by field; nothing was sent. */
export function toBillPayload(input: BillInput, context: PayloadContext): ChargePayload {
  validate(Object.assign(new BillDto(), input), context);
  return toPayload(input);
}

/** @throws InvalidRequestError (`account.invalidInput`) with messages by field; nothing was sent. */
export function toRecurringBillPayload(input: RecurringBillInput, context: PayloadContext): ChargePayload {
  validate(Object.assign(new RecurringBillDto(), input), context);
  return toPayload(input);
}

function toPayload(input: BillInput | RecurringBillInput): ChargePayload {
  const payload: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(input) as [string, unknown][]) {
    if (value === undefined || value === null) continue;
    payload[snakeCase(name)] = toWire(name, value);
  }
  return payload;
}

function toWire(name: string, value: unknown): string | number | boolean {
  // At most ten digits: exact as a number, which is what the official clients send.
  if (name === 'units') return Number(toDecimalText(value));
  if (/(At|Date)$/.test(name)) return toMoment(value)?.toISOString() ?? '';
  return value as string | number | boolean;
}

function validate(dto: object, context: PayloadContext): void {
  const problems = validateSync(dto, {
    whitelist: true,
    forbidNonWhitelisted: true,
    validationError: { target: false, value: false },
  });
  if (problems.length === 0) return;
  const fields = Object.fromEntries(problems.map((problem) => [problem.property, messagesOf(problem)]));
  throw new InvalidRequestError(
    'account.invalidInput',
    `the input is not acceptable: ${Object.keys(fields).join(', ')}.`,
    { ...context, fields, remedy: 'Nothing was sent; error.fields says what each of them must be.' },
  );
}

function messagesOf(problem: ValidationError): string[] {
  if (problem.constraints?.whitelistValidation) return ['is no field of this input'];
  const prefix = `${problem.property} `;
  return Object.values(problem.constraints ?? { invalid: 'is invalid' }).map((message) =>
    message.startsWith(prefix) ? message.slice(prefix.length) : message,
  );
}
