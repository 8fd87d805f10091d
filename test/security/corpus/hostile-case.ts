import type { SsoErrorCode } from '../../../src/errors/sso-error-codes.js';
import type { MarketplaceSso } from '../../../src/interfaces/marketplace.interface.js';
import type { SsoOptions } from '../../../src/interfaces/sso-options.interface.js';
import { formField, signedResponse, type ResponseSpec } from '../../support/saml/response-builder.js';
import { type SamlBench, samlMarketplace } from '../../support/saml/saml-bench.js';
import { testKey } from '../../support/saml/test-keys.js';

/** The request that every case responds to. */
export const REQUEST_ID = '_pending0000000000000000000000000000000001';

/** What a case is made with. */
export interface Scene {
  readonly bench: SamlBench;
  readonly now: number;
  /** The specification of a response that is valid but for the overrides. */
  spec(overrides?: Partial<ResponseSpec>): ResponseSpec;
  /** Its signed XML. */
  xml(overrides?: Partial<ResponseSpec>): string;
  /** Its form field. */
  field(overrides?: Partial<ResponseSpec>): string;
}

/** One response that must be rejected, and by which check. */
export interface HostileCase {
  readonly name: string;
  readonly expected: SsoErrorCode;
  /** Whether it is about the embedded certificate, and is nothing without one; so is each with a fingerprint. */
  readonly needsEmbedded?: boolean;
  /** The form field as it arrives: usually text. */
  readonly respond: (scene: Scene) => unknown;
  readonly sso?: Partial<MarketplaceSso>;
  readonly options?: SsoOptions;
  /** What the binding cookie names; the request itself when left out. */
  readonly bound?: readonly string[] | null;
  /** The same in small, for a build that lacks the check and would read the large one for half a minute. */
  readonly smaller?: HostileCase;
}

export interface HostileClass {
  /** Class of saml §3.1. */
  readonly name: string;
  readonly cases: readonly HostileCase[];
}

const untouched = new Map<boolean, { readonly xml: string; readonly madeAt: number }>();

/** The valid response that most cases spoil: signing one for each would double the time of the run. */
function untouchedXml(spec: () => ResponseSpec, embedded: boolean): string {
  const known = untouched.get(embedded);
  if (known && Date.now() - known.madeAt < 60_000) return known.xml;
  const xml = signedResponse(spec());
  untouched.set(embedded, { xml, madeAt: Date.now() });
  return xml;
}

/** How the whole corpus is run: as many certificates configured, and one embedded in the response or not. */
export interface Variant {
  readonly name: string;
  readonly certificates: 1 | 4;
  readonly embedded: boolean;
}

export const VARIANTS: readonly Variant[] = [
  { name: 'one certificate, embedded', certificates: 1, embedded: true },
  { name: 'one certificate, not embedded', certificates: 1, embedded: false },
  { name: 'four certificates, embedded', certificates: 4, embedded: true },
  { name: 'four certificates, not embedded', certificates: 4, embedded: false },
];

/** The marketplace of a case: the key that signs comes last, where it takes longest to be found. */
export function marketplaceOf(
  variant: Variant,
  sso?: Partial<MarketplaceSso>,
): ReturnType<typeof samlMarketplace> {
  const others = (['second', 'third', 'fourth'] as const).slice(0, variant.certificates - 1);
  const certificates = [...others, 'provider' as const].map((name) => testKey(name).certificate);
  return samlMarketplace({ certificates, ...sso });
}

/** Whether a case says anything in a variant. */
export function isMeantFor({ needsEmbedded, sso }: HostileCase, { embedded }: Variant): boolean {
  return embedded || (needsEmbedded !== true && (sso?.fingerprints ?? []).length === 0);
}

export function sceneOf(
  bench: SamlBench,
  { embedded }: Pick<Variant, 'embedded'> = { embedded: true },
): Scene {
  const usual: Partial<ResponseSpec> = embedded ? {} : { embedded: null };
  const spec = (overrides: Partial<ResponseSpec> = {}): ResponseSpec =>
    bench.spec(REQUEST_ID, { ...usual, ...overrides });
  const xml = (overrides?: Partial<ResponseSpec>): string =>
    overrides ? signedResponse(spec(overrides)) : untouchedXml(spec, embedded);
  return { bench, now: Date.now(), spec, xml, field: (overrides) => formField(xml(overrides)) };
}

/** A case whose signed response an attacker changes afterwards. */
export function tampered(
  name: string,
  expected: SsoErrorCode,
  change: (xml: string) => string,
  extra: Partial<HostileCase> & { readonly spec?: Partial<ResponseSpec> } = {},
): HostileCase {
  const { spec, ...rest } = extra;
  return { name, expected, respond: (scene) => formField(change(scene.xml(spec))), ...rest };
}

/** A case that the provider itself signed as it is. */
export function signed(
  name: string,
  expected: SsoErrorCode,
  overrides: Partial<ResponseSpec> | ((scene: Scene) => Partial<ResponseSpec>),
  extra: Partial<HostileCase> = {},
): HostileCase {
  const of = (scene: Scene) => (typeof overrides === 'function' ? overrides(scene) : overrides);
  return { name, expected, respond: (scene) => scene.field(of(scene)), ...extra };
}

/** The text between two marks, marks included. */
export function cut(xml: string, from: string, to: string): string {
  const start = xml.indexOf(from);
  return xml.slice(start, xml.indexOf(to, start) + to.length);
}

export const assertionOf = (xml: string): string => cut(xml, '<Assertion', '</Assertion>');
export const signatureOf = (xml: string): string => cut(xml, '<ds:Signature ', '</ds:Signature>');
