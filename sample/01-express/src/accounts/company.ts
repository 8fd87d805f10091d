/** A customer of this application, and who works there. */
export interface Company {
  readonly id: number;
  readonly marketplace: string;
  readonly uid: string;
  readonly name: string;
  /** User id to role. */
  readonly members: Map<number, string>;
}
