import { MaestranoConnecError } from '../../errors/connec.error.js';
import { isRecord } from '../../utils/values.js';
import { pathSegment } from './connec-query.js';
import type { ConnecChanges, ConnecRecordOf, ConnecResourceName } from './connec-resources.interface.js';
import {
  type ConnecCallOptions,
  type ConnecResponse,
  type ConnecTransport,
  fromEnvelope,
  toEnvelope,
} from './connec-transport.js';

/** Operations in one request, as the official connector framework sends them; the maximum is not documented. */
export const BATCH_SIZE = 50;

/** One operation of a batch (protocol §9.6). */
export type ConnecOperation<R extends ConnecResourceName = ConnecResourceName> =
  | { readonly method: 'get'; readonly resource: R; readonly id?: string }
  | {
      readonly method: 'post';
      readonly resource: R;
      readonly record: ConnecChanges<R>;
      /** Smart merge (protocol §9.8). */
      readonly matchingFields?: readonly (readonly string[])[];
    }
  | { readonly method: 'put'; readonly resource: R; readonly id?: string; readonly record: ConnecChanges<R> };

/** What became of one operation. */
export type ConnecBatchResult<R extends ConnecResourceName = ConnecResourceName> =
  | {
      readonly ok: true;
      readonly operation: ConnecOperation<R>;
      readonly status: number;
      /** The record as the platform has it now; null when the response holds none. */
      readonly record: ConnecRecordOf<R> | null;
      readonly body: unknown;
    }
  | {
      readonly ok: false;
      readonly operation: ConnecOperation<R>;
      /** Null when the operation has no response of its own. */
      readonly status: number | null;
      /**
       * A `MaestranoConnecError` for a rejection. When the whole request failed, its error (`sent` of a `MaestranoHttpError`
       * says whether the operation may have happened), and `connec.batchNotSent` for those behind it.
       */
      readonly error: Error;
    };

/** The results of all operations, in the order they were given. */
export class ConnecBatchResults<R extends ConnecResourceName = ConnecResourceName> {
  constructor(readonly results: readonly ConnecBatchResult<R>[]) {}

  /** Whether every operation succeeded. */
  get ok(): boolean {
    return this.results.every((result) => result.ok);
  }

  /** The operations that did not succeed. */
  get failures(): Extract<ConnecBatchResult<R>, { ok: false }>[] {
    return this.results.filter((result) => !result.ok);
  }

  [Symbol.iterator](): Iterator<ConnecBatchResult<R>> {
    return this.results[Symbol.iterator]();
  }
}

const OPERATION = 'POST connec/batch';

/** Sends operations fifty at a time, one request after the other. Throws only for operations that have no spelling. */
export async function sendBatch<R extends ConnecResourceName>(
  transport: ConnecTransport,
  scope: string,
  operations: readonly ConnecOperation<R>[],
  options: ConnecCallOptions & { readonly sequential?: boolean },
): Promise<ConnecBatchResults<R>> {
  const ops = operations.map((operation) => toWire(scope, operation));
  const results: ConnecBatchResult<R>[] = [];
  let failed: Error | null = null;
  for (let start = 0; start < ops.length; start += BATCH_SIZE) {
    const chunk = operations.slice(start, start + BATCH_SIZE);
    if (failed) {
      const error = notSent(transport, failed);
      results.push(...chunk.map((operation) => ({ ok: false as const, operation, status: null, error })));
      continue;
    }
    const body = { sequential: options.sequential ?? true, ops: ops.slice(start, start + BATCH_SIZE) };
    try {
      const response = await transport.send({
        ...options,
        method: 'POST',
        path: '/batch',
        operation: OPERATION,
        body,
      });
      results.push(...readResults(transport, chunk, response));
    } catch (error) {
      failed = error as Error;
      for (const operation of chunk) results.push({ ok: false, operation, status: null, error: failed });
    }
  }
  return new ConnecBatchResults(results);
}

function toWire<R extends ConnecResourceName>(scope: string, operation: ConnecOperation<R>) {
  const { method, resource } = operation;
  const collection = `${scope}/${pathSegment(resource, 'resource name')}`;
  const id = operation.method === 'post' ? undefined : operation.id;
  const url = id === undefined ? `${collection}/` : `${collection}/${pathSegment(id, 'record id')}`;
  if (operation.method === 'get') return { method, url };
  const matching = operation.method === 'post' ? operation.matchingFields : undefined;
  return { method, url, params: toEnvelope(resource, operation.record, matching) };
}

function readResults<R extends ConnecResourceName>(
  transport: ConnecTransport,
  operations: readonly ConnecOperation<R>[],
  response: ConnecResponse,
): ConnecBatchResult<R>[] {
  const results = isRecord(response.data) ? response.data.results : null;
  if (!Array.isArray(results) || results.length !== operations.length) {
    throw transport.unexpected(OPERATION, response, 'The response has not one result for each operation.');
  }
  return operations.map((operation, index): ConnecBatchResult<R> => {
    const { status, body } = isRecord(results[index]) ? results[index] : ({} as Record<string, unknown>);
    if (typeof status !== 'number') {
      const error = transport.unexpected(OPERATION, response, 'A result has no status.');
      return { ok: false, operation, status: null, error };
    }
    if (status >= 300) {
      const error = transport.rejection(OPERATION, { status, json: body, attempts: response.attempts });
      return { ok: false, operation, status, error };
    }
    return { ok: true, operation, status, record: fromEnvelope(operation.resource, body) ?? null, body };
  });
}

function notSent(transport: ConnecTransport, cause: Error): MaestranoConnecError {
  return new MaestranoConnecError('connec.batchNotSent', {
    message: 'The operation was not sent: an earlier part of the batch failed.',
    marketplace: transport.marketplace.name,
    operation: OPERATION,
    remedy: 'Send it again once the cause is gone.',
    cause,
  });
}
