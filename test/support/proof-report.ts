import { appendFileSync } from 'node:fs';

/** What a proof looked at: a row of the table that `npm run prove` prints. */
export interface ProofRow {
  /** Such as `create-once: a key twice, a fault`. */
  readonly proof: string;
  readonly histories: number;
  /** Different states that were seen; null where nobody counts them. */
  readonly states: number | null;
  /** Whether everything was tried within the bounds; null where that is no question. */
  readonly whole: boolean | null;
  readonly seconds: number;
}

/** Says what was looked at, where `npm run prove` collects it. */
export function reportProof(row: ProofRow): void {
  const file = process.env.MAESTRANO_PROVE_REPORT;
  if (file) appendFileSync(file, `${JSON.stringify(row)}\n`);
}
