import { createVerify } from 'node:crypto';

/**
 * Whether this system verifies SHA-1 signatures at all: some Linux distributions forbid it by policy, and node-saml
 * then only says that the signature is invalid (saml §2.4).
 */
export function verifiesSha1(pem: string): boolean {
  try {
    createVerify('RSA-SHA1').update('').verify(pem, Buffer.alloc(1));
    return true;
  } catch {
    return false;
  }
}
