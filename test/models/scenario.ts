import type { Searched } from './search.js';

/** The models of `test/models`, by the files they are in. */
export const MODEL_NAMES = [
  'create-once',
  'login',
  'deliveries',
  'isolation',
  'configuration',
  'usage-close',
] as const;

export type ModelName = (typeof MODEL_NAMES)[number];

/** One system of a model, and how far it is searched. */
export interface Scenario {
  readonly name: string;
  /** Whether everything is tried: by each size, by the full one, or by none. */
  readonly whole: 'always' | 'full' | 'never';
  /** @param full whether as far as `npm run prove` does, or within a second. */
  search(full: boolean): Promise<Searched>;
}

/** What came of one scenario. */
export interface ScenarioResult {
  readonly model: ModelName;
  readonly scenario: string;
  readonly whole: Scenario['whole'];
  /** Null where something did not hold. */
  readonly searched: Searched | null;
  readonly problem: string | null;
  readonly seconds: number;
}
