/** The application did something else than a marketplace relies on. */
export class ComplianceFailure extends Error {}

/** The scenario cannot be tried on this application. */
export class ComplianceSkip extends Error {}

/** Throws unless the application did well. */
export function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new ComplianceFailure(otherwise);
}
