/** What a test may ask of the recorder that its environment made (recorder.mjs). */
export interface Canary {
  /** How many secrets of each kind were learnt in this test file. */
  readonly kinds: Readonly<Record<string, number>>;
  /** What leaked until now, a line each; the record begins anew, so nothing of it fails the test file. */
  takeHits(): string[];
}

/** The recorder of this test file. */
export function canary(): Canary {
  const { __canary } = globalThis as typeof globalThis & { readonly __canary?: Canary };
  if (!__canary)
    throw new Error('The canary environment is not in use: see testEnvironment in jest.config.js.');
  return __canary;
}
