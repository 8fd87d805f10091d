import { isAscii } from 'node:buffer';
import type { Readable } from 'node:stream';

import { BadRequestException, PayloadTooLargeException } from '@nestjs/common';

const BYTE_ORDER_MARK = 0xfeff;

/** What was read, or the error that goes to the application's exception filters. */
export type JsonBodyCallback = (error: Error | null, body?: unknown) => void;

/**
 * Reads the body of a request that nobody read yet, as far as the limit in bytes, and parses it: JSON in UTF-8, or
 * nothing at all. Hands over an HttpException that repeats nothing of what was sent when it is neither, too long, or
 * cut off.
 */
export function readJsonBody(payload: Readable, limit: number, done: JsonBodyCallback): void {
  const chunks: Buffer[] = [];
  let received = 0;
  let isDone = false;
  const finish: JsonBodyCallback = (error, body) => {
    isDone = true;
    chunks.length = 0;
    done(error, body);
  };
  payload.on('data', (data: Buffer | string) => {
    // What comes beyond the limit is let go, so that the answer is not held up by a full connection.
    if (isDone) return;
    const chunk = typeof data === 'string' ? Buffer.from(data) : data;
    chunks.push(chunk);
    received += chunk.length;
    if (received > limit) finish(new PayloadTooLargeException('The request body is too large'));
  });
  payload.on('end', () => {
    if (isDone) return;
    if (received === 0) return finish(null);
    const text = textOf(joined(chunks, received));
    let body: unknown;
    try {
      body = JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
    } catch {
      return finish(new BadRequestException('The request body is not valid JSON'));
    }
    finish(null, body);
  });
  payload.on('error', () => {
    if (!isDone) finish(new BadRequestException('The request body was cut off'));
  });
}

/** Nobody has it across an `await`: a body is copied here and decoded in one go. */
let scratch: Buffer | null = null;
const SCRATCH_BYTES = 262_144;

/** One piece of memory, good until the next call: a new one for each body would cost more than parsing saves. */
function joined(chunks: readonly Buffer[], length: number): Buffer {
  const [first] = chunks;
  if (first && chunks.length === 1) return first;
  if (length > SCRATCH_BYTES) return Buffer.concat(chunks, length);
  scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(scratch, at);
  return scratch.subarray(0, length);
}

/** Nearly all JSON is ASCII, which is copied several times faster than it is decoded. */
function textOf(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
}
