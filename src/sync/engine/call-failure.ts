import { MaestranoError } from '../../errors/maestrano.error.js';
import { codesOf, errorsWithin } from '../../sql/sql-failures.js';
import type { SyncFailedCall } from '../store/sync-link.js';

/** Calls of a source that failed in one way in a run, so that nobody knows whether they were carried out. */
export interface SyncCallFailure extends SyncFailedCall {
  readonly entity: string;
  /** Records that it was about. */
  readonly count: number;
}

/** A name or code as libraries give them: no text that somebody typed. */
const NAME = /^[A-Za-z_$][\w$]{0,63}$/;
const CODE = /^[\w.:-]{1,64}$/;

/** Name and code of an error: what can be shown of errors of others, whose messages may hold values. */
export function errorName(error: unknown): string {
  if (error instanceof MaestranoError) return `${error.name} ${error.code}`;
  if (!(error instanceof Error)) return 'something that is no error';
  const names = [error.name, error.constructor.name].filter((name) => NAME.test(name));
  const name = names.find((one) => one.toLowerCase() !== 'error') ?? 'Error';
  const code = errorsWithin(error)
    .toReversed()
    .flatMap(codesOf)
    .find((one) => CODE.test(one));
  return code === undefined ? name : `${name} ${code}`;
}

/** Counts a failed call with those that failed in the same way. */
export function noteFailure(failures: SyncCallFailure[], failure: Omit<SyncCallFailure, 'count'>): void {
  const index = failures.findIndex(
    ({ entity, call, error }) =>
      entity === failure.entity && call === failure.call && error === failure.error,
  );
  const known = failures[index];
  if (known) failures[index] = { ...known, count: known.count + 1 };
  else if (failures.length < MAX_FAILURES) failures.push({ ...failure, count: 1 });
}

/** Kinds of failures kept of a run. */
const MAX_FAILURES = 20;
