/** One case of a contract, for any test runner: `for (const { name, run } of cases) it(name, run)`. */
export interface ContractCase {
  readonly name: string;
  /** Resolves when the contract holds; rejects with an `AssertionError` of node:assert otherwise. */
  readonly run: () => Promise<void>;
}

/** One check of a contract of stores, on a store and another that sees the same, or on one store twice. */
export type StoresCheck<Store> = (store: Store, other: Store) => Promise<void>;

/** Checks as cases, each on stores of its own, which are closed afterwards. */
export function casesOnStores<Store extends { close(): Promise<void> | void }>(
  checks: Readonly<Record<string, StoresCheck<Store>>>,
  makeStore: () => Store | Promise<Store>,
  { shared = false }: { readonly shared?: boolean },
): readonly ContractCase[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    run: async () => {
      const store = await makeStore();
      const other = shared ? await makeStore() : store;
      try {
        await check(store, other);
      } finally {
        await store.close();
        if (other !== store) await other.close();
      }
    },
  }));
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
