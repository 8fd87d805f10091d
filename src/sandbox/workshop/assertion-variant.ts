import type { SsoErrorCode } from '../../errors/sso-error-codes.js';
import type { ResponseFields } from '../idp/response-document.js';
import type { SandboxKeyPair } from '../state/records.js';

/** What a variant has at hand: everything a valid response would be made of. */
export interface WorkshopBench {
  readonly fields: ResponseFields;
  /** The key the application trusts. */
  readonly key: SandboxKeyPair;
  /** A key it does not. */
  readonly strangerKey: SandboxKeyPair;
  readonly algorithm: 'sha1' | 'sha256';
  /** A moment by the sandbox's clock, moved by some milliseconds. */
  at(offsetMs: number): string;
}

/** One way in which a response can be wrong. */
export interface AssertionVariant {
  /** Stable name, such as `wrong-audience`. */
  readonly name: string;
  /** What is wrong, in a few words. */
  readonly title: string;
  /** Codes with which nestjs-maestrano rejects it; empty where it is to be accepted. */
  readonly expected: readonly SsoErrorCode[];
  /** Sent that often, the last response counts. Default 1. */
  readonly times?: number;
  /** Makes the form field. */
  readonly make: (bench: WorkshopBench) => string;
}

/** The rest of the document, once the field is chosen. */
export type FieldChange = (bench: WorkshopBench) => Partial<ResponseFields>;
