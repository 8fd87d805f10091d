import type { HeldAnswer } from '../http/captured-response.js';
import type { FaultEffect } from './fault.js';

function toBody(body: unknown): Buffer {
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** The answer a fault gives in place of the work; null when the work is to be done. */
export function answerInstead(effect: FaultEffect): HeldAnswer | null {
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

/** Spoils the answer of work that was done. */
export function spoilAnswer(effect: FaultEffect, answer: HeldAnswer): HeldAnswer {
  let body = effect.body === undefined ? answer.body : toBody(effect.body);
  if (effect.empty) body = Buffer.alloc(0);
  if (effect.invalidJson) body = body.subarray(0, Math.floor(body.length / 2));
  const headers = effect.contentType
    ? { ...answer.headers, 'content-type': effect.contentType }
    : answer.headers;
  return { status: answer.status, headers, body };
}
