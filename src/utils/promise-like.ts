/**
 * Whether there is something to wait for. Where hundreds of answers come at once, awaiting each costs more than the
 * work; and Node's own check crosses into C++, which for hundreds costs as much.
 */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (value as { readonly then?: unknown } | null | undefined)?.then !== undefined;
}
