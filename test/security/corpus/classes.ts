import { attributes } from './attributes.js';
import { encoding } from './encoding.js';
import { exhaustion } from './exhaustion.js';
import type { HostileClass } from './hostile-case.js';
import { entityClass, leniencyClass, truncationClass } from './markup.js';
import { protocol } from './protocol.js';
import { signatureClasses } from './signatures.js';
import { wrapping } from './wrapping.js';

/** The corpus, by the classes of saml §3.1. */
export const CLASSES: readonly HostileClass[] = [
  wrapping,
  truncationClass,
  entityClass,
  leniencyClass,
  ...signatureClasses,
  protocol,
  attributes,
  encoding,
  exhaustion,
];
