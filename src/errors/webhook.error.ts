import { MaestranoError } from './maestrano.error.js';

/** Why an account webhook or a synchronization request was not carried out, with its HTTP status. */
export const WEBHOOK_ERROR_CODES = {
  'webhook.identifier': 400,
  'webhook.request': 400,
  'webhook.adapter': 500,
  'webhook.cleanup': 500,
} as const;

export type WebhookErrorCode = keyof typeof WEBHOOK_ERROR_CODES;

/** What is known of a webhook that failed. */
export interface WebhookErrorDetails {
  readonly marketplace: string;
  readonly remedy?: string;
  /** What the application's adapter or the store threw. */
  readonly cause?: unknown;
}

/**
 * A call of the platform that could not be carried out. With a status of 500 nothing of it is left half done: the
 * same call, repeated, finishes the work (protocol §6.3).
 */
export class WebhookError extends MaestranoError {
  declare readonly code: WebhookErrorCode;
  readonly httpStatus: number;

  constructor(code: WebhookErrorCode, message: string, details: WebhookErrorDetails) {
    super(message, { code, ...details });
    this.httpStatus = WEBHOOK_ERROR_CODES[code];
  }
}
