import {
  type AccountErrorFacts,
  MaestranoAccountError,
  MaestranoApiError,
  MaestranoAuthenticationError,
  MaestranoCreationError,
  MaestranoCreationStoreError,
  MaestranoInvalidRequestError,
  MaestranoRateLimitError,
} from '../../errors/account.error.js';
import { MaestranoHttpError, type RequestSent } from '../../errors/http.error.js';
import { MaestranoStoreError } from '../../errors/store.error.js';

/**
 * Whether the server may have carried out, or may yet carry out, what failed like this. A rejection counts when the
 * Account API itself said it: without its envelope, a proxy may speak of a request that it handed on.
 */
export function isAmbiguous(error: unknown): boolean {
  if (error instanceof MaestranoHttpError) return error.sent !== 'no';
  const isRejection =
    error instanceof MaestranoAuthenticationError ||
    error instanceof MaestranoInvalidRequestError ||
    error instanceof MaestranoRateLimitError;
  // What we rejected ourselves has no status: it was never sent.
  return !(isRejection && (error.fromApi || error.status === null));
}

/** How far a request got that failed with an error which leaves it open. */
export function sentOf(error: unknown): RequestSent {
  const isKnown = error instanceof MaestranoHttpError || error instanceof MaestranoAccountError;
  return isKnown && error.sent === 'yes' ? 'yes' : 'maybe';
}

/** Whether the server is done with the request: field messages come from the application behind all proxies. */
export function isDone(error: unknown): boolean {
  return error instanceof MaestranoApiError && error.fromApi && Object.keys(error.fields).length > 0;
}

/** What the caller of `createOnce` gets: whatever is no error of a request is one of the store, and says how far the charge got. */
export function creationFailure(context: AccountErrorFacts, sent: RequestSent, error: unknown): unknown {
  if (error instanceof MaestranoAccountError || error instanceof MaestranoHttpError) return error;
  const isTyped = error instanceof MaestranoStoreError;
  const { marketplace, operation } = context;
  return new MaestranoCreationStoreError(isTyped ? error.code : 'store.unavailable', {
    marketplace,
    operation,
    message: `${operation} to "${marketplace}": the store failed.`,
    remedy:
      sent === 'no'
        ? 'Nothing was sent by this call; call createOnce again with the same key.'
        : 'The charge may exist; call createOnce again with the same key, which looks for it first.',
    cause: error,
    mayHaveWritten: isTyped ? error.mayHaveWritten : true,
    sent,
  });
}

export function creationTooLate({ marketplace, operation }: AccountErrorFacts): MaestranoHttpError {
  const message = 'the store took all the time there was; nothing was sent.';
  return new MaestranoHttpError('http.deadline', {
    message,
    marketplace,
    operation,
    attempts: 0,
    sent: 'no',
  });
}

export function creationInProgress(context: AccountErrorFacts, sent: RequestSent): MaestranoCreationError {
  return new MaestranoCreationError('account.inProgress', {
    message: 'the same charge is being created elsewhere, or another one of its price for the group.',
    ...context,
    sent,
    remedy: 'Call createOnce again with the same key.',
  });
}

export function creationUndecided(
  context: AccountErrorFacts,
  message: string,
  facts: { readonly sent: RequestSent; readonly cause: unknown; readonly candidates: readonly string[] },
): MaestranoCreationError {
  const remedy = 'Call createOnce again later with the same key, or decide with settleOnce.';
  return new MaestranoCreationError('account.undecided', { message, ...context, remedy, ...facts });
}
