import { Injectable } from '@nestjs/common';

import { SessionKeyring } from './session-keyring.service.js';

const SEALING = { alg: 'dir', enc: 'A256GCM' } as const;

/** Seals what the browser keeps for us: encrypted and authenticated (JWE, AES-256-GCM), and limited in time. */
@Injectable()
export class SessionSeal {
  constructor(private readonly keyring: SessionKeyring) {}

  async seal(content: Readonly<Record<string, unknown>>, expiresAt: Date): Promise<string> {
    const { EncryptJWT } = await import('jose');
    const { current, currentId } = this.keyring.keys;
    return new EncryptJWT(content)
      .setProtectedHeader({ ...SEALING, kid: currentId })
      .setExpirationTime(expiresAt)
      .encrypt(current);
  }

  /** The content; null when it was not sealed by us, was changed, or is over. */
  async open(sealed: string): Promise<Readonly<Record<string, unknown>> | null> {
    const { jwtDecrypt } = await import('jose');
    try {
      const { payload } = await jwtDecrypt(sealed, ({ kid }) => this.keyring.require(kid), {
        keyManagementAlgorithms: [SEALING.alg],
        contentEncryptionAlgorithms: [SEALING.enc],
      });
      return payload;
    } catch {
      return null;
    }
  }
}
