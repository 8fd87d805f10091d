/**
 * The same object, whose calls tell the moments at which their caller waits: before and after each of them. What `reached`
 * returns is waited for, so that a caller can be stopped there.
 */
export function watchedCalls<T extends object>(
  of: T,
  what: string,
  reached: (moment: string) => void | Promise<void>,
): T {
  return new Proxy(of, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...given: unknown[]): Promise<unknown> => {
        await reached(`before ${what}.${String(name)}`);
        const result: unknown = await Reflect.apply(value, target, given);
        await reached(`after ${what}.${String(name)}`);
        return result;
      };
    },
  });
}
