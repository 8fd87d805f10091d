/** What the bills of a company depend on. Everything may be unknown. */
export interface UsageCompany {
  /** Name on statements. */
  readonly name?: string | null;
  /** Olson name such as `Australia/Sydney`; the meter's zone where it is unknown. */
  readonly zone?: string | null;
  /** ISO 4217; the meter's first currency where it is unknown. */
  readonly currency?: string | null;
  /** `false` holds bills; what is unknown counts as a card. */
  readonly hasCreditCard?: boolean | null;
  readonly freeTrialEndAt?: Date | null;
  /** Anchors cycles with `day: 'company'`. */
  readonly createdAt?: Date | null;
}

/** {@link UsageCompany} as it is kept: complete, with moments in milliseconds. */
export interface KnownCompany {
  readonly name: string | null;
  readonly zone: string | null;
  readonly currency: string | null;
  readonly hasCreditCard: boolean | null;
  readonly trialEnd: number | null;
  readonly createdAt: number | null;
}

/** Stands for a company of which nobody could be asked: its usage is sealed by the meter's own zone and first currency. */
export const NOBODY: KnownCompany = {
  name: null,
  zone: null,
  currency: null,
  hasCreditCard: null,
  trialEnd: null,
  createdAt: null,
};

/** What is kept of a company. */
export function knownCompany(company: UsageCompany): KnownCompany {
  const { name = null, zone = null, currency = null, hasCreditCard = null } = company;
  return {
    name,
    zone,
    currency,
    hasCreditCard,
    trialEnd: company.freeTrialEndAt?.getTime() ?? null,
    createdAt: company.createdAt?.getTime() ?? null,
  };
}
