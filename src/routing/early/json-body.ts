import type { IncomingMessage } from 'node:http';

import { BadRequestException, PayloadTooLargeException } from '@nestjs/common';

const BYTE_ORDER_MARK = 0xfeff;

/** What was read, or the error that goes to the application's exception filters. */
export type JsonBodyCallback = (error: Error | null, body?: unknown) => void;

/**
 * Parses JSON; an empty body is none.
 *
 * @throws BadRequestException for anything else, without repeating what was sent.
 */
export function parseJsonBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text) as unknown;
  } catch {
    throw new BadRequestException('The request body is not valid JSON');
  }
}

/** Reads the body of a request that nobody read yet, as far as the limit in bytes, and parses it. */
export function readJsonBody(request: IncomingMessage, limit: number, done: JsonBodyCallback): void {
  const chunks: Buffer[] = [];
  let received = 0;
  const onData = (chunk: Buffer): void => {
    received += chunk.length;
    if (received > limit) finish(new PayloadTooLargeException('The request body is too large'));
    else chunks.push(chunk);
  };
  const onEnd = (): void => {
    const [only] = chunks;
    let body: unknown;
    try {
      const bytes = chunks.length === 1 && only ? only : Buffer.concat(chunks, received);
      body = parseJsonBody(bytes.toString());
    } catch (error) {
      return finish(error as Error);
    }
    finish(null, body);
  };
  const finish: JsonBodyCallback = (error, body) => {
    request.off('data', onData).off('end', onEnd).off('error', finish);
    // What still comes is let go, so that the answer is not held up by a full connection.
    if (!request.readableEnded) request.resume();
    done(error, body);
  };
  request.on('data', onData).on('end', onEnd).on('error', finish);
}
