import type { SsoErrorCode } from '../../../src/errors/sso-error-codes.js';
import type { MarketplaceSso } from '../../../src/interfaces/marketplace.interface.js';
import type { SsoOptions } from '../../../src/interfaces/sso-options.interface.js';
import { formField, signedResponse, type ResponseSpec } from '../../support/saml/response-builder.js';
import type { SamlBench } from '../../support/saml/saml-bench.js';

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
  /** The form field as it arrives: usually text. */
  readonly respond: (scene: Scene) => unknown;
  readonly sso?: Partial<MarketplaceSso>;
  readonly options?: SsoOptions;
  /** What the binding cookie names; the request itself when left out. */
  readonly bound?: readonly string[] | null;
}

export interface HostileClass {
  /** Class of saml §3.1. */
  readonly name: string;
  readonly cases: readonly HostileCase[];
}

let untouched: { readonly xml: string; readonly madeAt: number } | undefined;

/** The valid response that most cases spoil: signing one for each would double the time of the run. */
function untouchedXml(bench: SamlBench): string {
  if (!untouched || Date.now() - untouched.madeAt > 60_000) {
    untouched = { xml: signedResponse(bench.spec(REQUEST_ID)), madeAt: Date.now() };
  }
  return untouched.xml;
}

export function sceneOf(bench: SamlBench): Scene {
  const spec = (overrides: Partial<ResponseSpec> = {}): ResponseSpec => bench.spec(REQUEST_ID, overrides);
  const xml = (overrides?: Partial<ResponseSpec>): string =>
    overrides ? signedResponse(spec(overrides)) : untouchedXml(bench);
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
