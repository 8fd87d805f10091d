import { MaestranoError } from '../errors/maestrano.error.js';
import { settledWithin } from '../utils/settled-within.js';

/**
 * What is computed for a part of a page, or in words why it is not there: others are asked for it, and may be slow or away,
 * which must not cost the rest of the page.
 *
 * @param words what stands there when it takes longer than `ms`, and before the reason when it fails.
 */
export async function inTime<T>(
  ms: number,
  work: Promise<T>,
  words: { readonly late: string; readonly failed: string },
): Promise<T | string> {
  try {
    return (await settledWithin(ms, work)) ? await work : words.late;
  } catch (error) {
    if (error instanceof MaestranoError) return error.message;
    return `${words.failed} (${error instanceof Error ? error.name : 'unknown error'}).`;
  }
}
