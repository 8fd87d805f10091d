import { createDecipheriv } from 'node:crypto';

/** AES-256 takes the first 32 bytes of the API key (protocol §8.11). */
const KEY_BYTES = 32;

/**
 * Decrypts a password as applications send it: `<base64 IV>--<base64 ciphertext>`, AES-256-CBC (protocol §8.11).
 *
 * @returns null when it cannot be decrypted.
 */
export function decryptPassword(encrypted: string, apiKey: string): string | null {
  const [iv, ciphertext, ...rest] = encrypted.split('--');
  if (!iv || !ciphertext || rest.length > 0) return null;
  try {
    const key = Buffer.from(apiKey, 'ascii').subarray(0, KEY_BYTES);
    const decipher = createDecipheriv('aes-256-cbc', key, Buffer.from(iv, 'base64'));
    return decipher.update(ciphertext, 'base64', 'utf8') + decipher.final('utf8');
  } catch {
    return null;
  }
}
