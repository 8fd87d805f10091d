/** What a source returns when it knows that nothing changed since its last accepted result. */
export const UNCHANGED = Symbol('UNCHANGED');

/**
 * Where marketplaces come from. Extend it to read them from a database, and name the class in the
 * `marketplaceSource` extra; it is a provider like any other and may inject what the `imports` extra brings.
 *
 * It is called while the application is being assembled, before `onModuleInit` hooks run, and at every refresh.
 */
export abstract class MarketplaceSource {
  /**
   * All marketplaces, in any form that the `marketplaces` option takes; {@link UNCHANGED} when nothing changed.
   * Whatever it throws keeps the present marketplaces in force, and it is called again later.
   *
   * @param signal ends when the result would come too late, and at shutdown.
   */
  abstract load(signal: AbortSignal): Promise<unknown>;

  /** Called once what was loaded last is in force; until then {@link UNCHANGED} would be wrong. */
  accepted(): void {}
}
