import { createHash, timingSafeEqual } from 'node:crypto';

/** Longest text, in UTF-8 bytes, that is compared in the fixed buffers; API keys are far shorter. */
const CAPACITY = 252;
const left = Buffer.alloc(CAPACITY + 4);
const right = Buffer.alloc(CAPACITY + 4);

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

function load(buffer: Buffer, text: string, bytes: number): void {
  buffer.fill(0);
  buffer.write(text, 0, 'utf8');
  // The length is compared with the text, or "a" would equal "a\0".
  buffer.writeUInt32LE(bytes, CAPACITY);
}

/**
 * Whether two texts are equal, in a time that tells neither where they differ nor how long the secret one is
 * (protocol §6.5). Both are copied into buffers of one fixed length, which is several times cheaper than hashing
 * them; texts that do not fit are hashed.
 */
export function constantTimeEqual(presented: string, expected: string): boolean {
  const presentedBytes = Buffer.byteLength(presented);
  const expectedBytes = Buffer.byteLength(expected);
  if (presentedBytes > CAPACITY || expectedBytes > CAPACITY) {
    return timingSafeEqual(digest(presented), digest(expected));
  }
  load(left, presented, presentedBytes);
  load(right, expected, expectedBytes);
  const equal = timingSafeEqual(left, right);
  left.fill(0);
  right.fill(0);
  return equal;
}

/** A secret text that is compared many times: prepared once, it costs half of {@link constantTimeEqual}. */
export class ConstantTimeText {
  readonly #expected: string;
  readonly #prepared: Buffer | null;

  constructor(expected: string) {
    const bytes = Buffer.byteLength(expected);
    this.#expected = expected;
    this.#prepared = bytes > CAPACITY ? null : Buffer.alloc(CAPACITY + 4);
    if (this.#prepared) load(this.#prepared, expected, bytes);
  }

  /** Whether the texts are equal, in a time that does not tell where they differ. */
  equals(presented: string): boolean {
    const bytes = Buffer.byteLength(presented);
    if (!this.#prepared || bytes > CAPACITY) return constantTimeEqual(presented, this.#expected);
    load(left, presented, bytes);
    const equal = timingSafeEqual(left, this.#prepared);
    left.fill(0);
    return equal;
  }
}
