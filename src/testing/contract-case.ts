/** One case of a contract, for any test runner: `for (const { name, run } of cases) it(name, run)`. */
export interface ContractCase {
  readonly name: string;
  /** Resolves when the contract holds; rejects with an `AssertionError` of node:assert otherwise. */
  readonly run: () => Promise<void>;
}

/** Waits for something that takes real time, such as an entry running out; rejects after `timeoutMs`. */
export async function eventually(
  condition: () => Promise<boolean>,
  what: string,
  timeoutMs = 3000,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
