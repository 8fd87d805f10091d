/** Any class of errors, also an abstract one. */
type ErrorClass<T extends Error> = abstract new (...parameters: never[]) => T;

/**
 * The error that a promise rejects with, or a function throws. The test fails when the work succeeds, or fails with
 * an error of another class than the one named.
 */
export async function errorOf<T extends Error = Error>(
  work: PromiseLike<unknown> | (() => unknown),
  type?: ErrorClass<T>,
): Promise<T> {
  let result: unknown;
  try {
    result = await (typeof work === 'function' ? work() : work);
  } catch (error) {
    // Without a class whatever was thrown: errors of Node itself are none of the test environment's Error.
    if (type === undefined || error instanceof type) return error as T;
    throw error;
  }
  throw new Error(`Expected ${type?.name ?? 'an error'}, but the work succeeded with ${typeof result}.`);
}
