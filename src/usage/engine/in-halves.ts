import { MaestranoSqlError } from '../../errors/sql.error.js';

/** Whether a store took too long, which may be since it was asked for too much at once. */
export function isTooMuch(error: unknown): boolean {
  return error instanceof MaestranoSqlError && error.code === 'sql.timeout';
}

/** Works on many at once; where that is too much for the store, on halves of them, down to one. */
export async function inHalves<T>(
  items: readonly T[],
  work: (some: readonly T[]) => Promise<void>,
): Promise<void> {
  try {
    await work(items);
  } catch (error) {
    if (!isTooMuch(error) || items.length < 2) throw error;
    const middle = Math.ceil(items.length / 2);
    await inHalves(items.slice(0, middle), work);
    await inHalves(items.slice(middle), work);
  }
}
