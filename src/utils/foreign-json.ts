/**
 * The text of bytes that somebody else wrote: UTF-8, or UTF-16 as editors and shells of Windows write it, which begins
 * with a byte order mark.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

/**
 * The value of JSON that came from outside: a file, a server. A byte order mark before it, which `JSON.parse` rejects,
 * is passed over. What we wrote ourselves needs none of this.
 *
 * @throws SyntaxError for what is no JSON; unlike the one of `JSON.parse`, it quotes nothing of the text.
 */
export function parseForeignJson(text: string): unknown {
  try {
    // trimStart() also removes a byte order mark.
    return JSON.parse(text.trimStart()) as unknown;
  } catch {
    throw new SyntaxError('It is not JSON.');
  }
}
