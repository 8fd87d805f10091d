import { assertionXml, responseXml, type ResponseFields } from '../idp/response-document.js';
import { signElement, type SignedElement } from '../idp/sign-element.js';
import type { WorkshopBench } from './assertion-variant.js';

/** How a workshop's response departs from the usual one. */
export interface ResponseChanges {
  readonly fields?: Partial<ResponseFields>;
  /** Rewrites the assertion before it is signed. */
  readonly assertion?: (xml: string) => string;
  readonly sign?: SignedElement | null;
  readonly key?: WorkshopBench['key'];
}

/** A response as XML: signed by the trusted key, unless a change says otherwise. */
export function signedResponse(bench: WorkshopBench, changes: ResponseChanges = {}): string {
  const fields = { ...bench.fields, ...changes.fields };
  const assertion = assertionXml(fields);
  const xml = responseXml(fields, changes.assertion?.(assertion) ?? assertion);
  if (changes.sign === null) return xml;
  return signElement(xml, changes.sign ?? 'Assertion', changes.key ?? bench.key, bench.algorithm);
}
