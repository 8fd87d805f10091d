import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Why an account webhook or a synchronization request was not carried out. */
export const WEBHOOK_ERROR_CODES = {
  'webhook.identifier': { meaning: 'The path holds no usable identifier.', httpStatus: 400 },
  'webhook.request': { meaning: 'The request cannot be understood.', httpStatus: 400 },
  'webhook.adapter': { meaning: "The application's adapter failed." },
  'webhook.cleanup': { meaning: 'What we keep of the person or the company could not be removed.' },
} as const satisfies ErrorTable;

export type WebhookErrorCode = keyof typeof WEBHOOK_ERROR_CODES;

/**
 * A call of the platform that could not be carried out. With a status of 500 nothing of it is left half done: the
 * same call, repeated, finishes the work (protocol §6.3).
 */
export class MaestranoWebhookError extends MaestranoError {
  declare readonly code: WebhookErrorCode;

  constructor(code: WebhookErrorCode, facts: MaestranoErrorFacts) {
    super(WEBHOOK_ERROR_CODES[code], code, facts);
  }
}
