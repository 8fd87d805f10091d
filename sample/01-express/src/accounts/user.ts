/** A person of this application. */
export interface User {
  readonly id: number;
  /** Where the account came from; together with `uid` the key of a marketplace's user. */
  readonly marketplace: string;
  readonly uid: string;
  readonly name: string;
  readonly email: string | null;
}
