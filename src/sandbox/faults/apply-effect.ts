import type { HeldResponse } from '../http/captured-response.js';
import type { FaultEffect } from './fault.js';

function toBody(body: unknown): Buffer {
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** The response a fault gives in place of the work; null when the work is to be done. */
export function respondInstead(effect: FaultEffect): HeldResponse | null {
  if (effect.status === undefined) return null;
  const body = effect.body ?? { error: `Injected fault: ${effect.status}` };
  const retryAfter = effect.retryAfter instanceof Date ? effect.retryAfter.toUTCString() : effect.retryAfter;
  return {
    status: effect.status,
    headers: {
      'content-type': effect.contentType ?? (typeof body === 'string' ? 'text/html' : 'application/json'),
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    },
    body: toBody(body),
  };
}

/** Spoils the response of work that was done. */
export function spoilResponse(effect: FaultEffect, captured: HeldResponse): HeldResponse {
  let body = effect.body === undefined ? captured.body : toBody(effect.body);
  if (effect.empty) body = Buffer.alloc(0);
  if (effect.invalidJson) body = body.subarray(0, Math.floor(body.length / 2));
  const headers = effect.contentType
    ? { ...captured.headers, 'content-type': effect.contentType }
    : captured.headers;
  return { status: captured.status, headers, body };
}
