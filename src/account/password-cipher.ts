import { createCipheriv, randomBytes } from 'node:crypto';

/** Bytes of the API key that make the cipher's key. */
const KEY_BYTES = 32;

/**
 * A password as users/authenticate wants it: AES-256-CBC under the first 32 bytes of the API key, as base64 of the
 * IV, two dashes and base64 of the ciphertext (protocol §8.11, §A.2).
 *
 * @returns null when the API key is too short for it.
 */
export function encryptPassword(
  password: string,
  apiKey: string,
  iv: Buffer = randomBytes(16),
): string | null {
  const key = Buffer.from(apiKey, 'utf8').subarray(0, KEY_BYTES);
  if (key.length < KEY_BYTES) return null;
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = Buffer.concat([cipher.update(password, 'utf8'), cipher.final()]);
  return `${iv.toString('base64')}--${encrypted.toString('base64')}`;
}
