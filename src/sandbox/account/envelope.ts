/** Field to messages (protocol §8.3). */
export type AccountErrors = Readonly<Record<string, readonly string[]>>;

/** Every response of the Account API (protocol §8.3). */
export interface AccountEnvelope {
  readonly success: boolean;
  readonly errors: AccountErrors;
  readonly data: unknown;
}

export function success(data: unknown): AccountEnvelope {
  return { success: true, errors: {}, data };
}

export function failure(errors: AccountErrors): AccountEnvelope {
  return { success: false, errors, data: {} };
}
