import { MaestranoError } from '../errors/maestrano.error.js';
import { errorCode } from './error-code.js';

/** Such as `ECONNREFUSED` of Node.js, `23505` of a database, `P2002` of an ORM. */
const CODE = /^[A-Z0-9_]{1,40}$/;

/**
 * Where an error was thrown, for a log: name, code and stack, without its text when it is not ours. What an
 * application or a database says of its failure may name a person or hold a whole record.
 */
export function errorPlace(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { name, message, stack = '' } = error;
  if (error instanceof MaestranoError) return stack;
  // Only what stands behind the text: one of several lines could look like frames.
  const begin = stack.indexOf(message);
  const behind = begin < 0 ? '' : stack.slice(begin + message.length);
  const code = errorCode(error) ?? '';
  const title = CODE.test(code) ? `${name} (${code})` : name;
  return [title, ...behind.split('\n').filter((line) => /^\s+at /.test(line))].join('\n');
}

/** A frame of a stack: what was called, and the file without its folders. */
const FRAME = /^\s+at (?:async )?(?:new )?([\w$.<>]+)(?: \[as [\w$]+\])? \(.*?([^/\\():]+):\d+:\d+\)$/;

/** In a few words where an error was thrown: `TypeError in Listener.onInvoice, listener.ts`. Never its text. */
export function errorOrigin(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const [title = error.name, ...frames] = errorPlace(error).split('\n');
  const [, call, file] = frames.map((frame) => FRAME.exec(frame)).find((match) => match !== null) ?? [];
  const name = error instanceof MaestranoError ? error.code : title;
  return call === undefined ? name : `${name} in ${call}, ${file ?? ''}`;
}
