/** What is there at once or comes later. */
export type Awaitable<T> = T | PromiseLike<T>;

/**
 * Whether there is something to wait for. Where hundreds of answers come at once, awaiting each costs more than the
 * work; and Node's own check crosses into C++, which for hundreds costs as much.
 */
export function isPromiseLike<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return (value as { readonly then?: unknown } | null | undefined)?.then !== undefined;
}

/** Goes on at once with what is there already, or when it has come. */
export function whenThere<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromiseLike(value) ? value.then(next) : next(value);
}
