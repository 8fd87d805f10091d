/** Which charge of the ledger is meant. */
export interface ChargeReference {
  readonly marketplace: string;
  /** `bills` or `recurring_bills`. */
  readonly resource: string;
  readonly key: string;
}
