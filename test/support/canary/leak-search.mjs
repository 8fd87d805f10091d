/** Shorter texts are found by chance. */
const LEAST = 6;
const AROUND = 80;

/** What must not be put out whoever's it is: the shape alone tells. */
const SHAPES = [
  ['private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['Basic credentials', /\bBasic [A-Za-z0-9+/]{12,}={0,2}/],
  ['assertion as XML', /<(?:\w+:)?(?:Assertion|AttributeStatement|AttributeValue|SignatureValue)[\s>]/],
  // Base64 of "<samlp:Response" and of "<?xml", which is how responses begin.
  ['assertion as base64', /(?:PHNhbWxwOlJlc3BvbnNl|PD94bWwg)[A-Za-z0-9+/%]{40}/],
  // Planted: what test support and the sandbox hand out, so that secrets of child processes are known here too.
  ['planted key', /\bkey-of-\w+/],
  // The sandbox's keys and tokens have each letter and digit once.
  ['sandbox token', /\b(?!\w*(\w)\w*\1)[a-z0-9]{36}\b/],
  ['sealed cookie', /\beyJ[\w-]{20,}\.[\w-]*\.[\w-]{8,}/],
];

/** What generators of odd values like to make: names that every object has. */
const ODD_NAMES = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Finds secrets in texts, in one pass however many there are: by their first characters. */
export class LeakSearch {
  /** @type {Map<string, { kind: string, value: string }[]>} */
  #byStart = new Map();
  #known = new Set();

  /** @returns whether it is new and long enough. */
  add(kind, value, encoded) {
    if (typeof value !== 'string' || value.length < LEAST) return false;
    if (this.#known.has(value) || ODD_NAMES.has(value)) return false;
    this.#known.add(value);
    for (const form of encoded ? formsOf(value) : [value]) {
      const start = form.slice(0, LEAST);
      const others = this.#byStart.get(start);
      if (others) others.push({ kind, value: form });
      else this.#byStart.set(start, [{ kind, value: form }]);
    }
    return true;
  }

  /** One line for each secret in the text, with the secret cut out. */
  find(where, text) {
    const hits = [];
    const tell = (kind, index, length) => {
      const before = this.#clean(text.slice(Math.max(0, index - AROUND), index));
      const after = this.#clean(text.slice(index + length, index + length + AROUND));
      hits.push(`${where} shows a secret (${kind}): ${before}[[${kind}]]${after}`);
    };
    const known = [...this.#occurrences(text)];
    for (const { kind, index, length } of known) tell(kind, index, length);
    for (const [kind, shape] of SHAPES) {
      const match = shape.exec(text);
      if (!match || known.some(({ index }) => index === match.index)) continue;
      tell(kind, match.index, match[0].length);
    }
    return hits;
  }

  *#occurrences(text) {
    if (this.#byStart.size === 0) return;
    for (let index = 0; index + LEAST <= text.length; index += 1) {
      for (const { kind, value } of this.#byStart.get(text.slice(index, index + LEAST)) ?? []) {
        if (text.startsWith(value, index)) yield { kind, index, length: value.length };
      }
    }
  }

  #clean(text) {
    let clean = text;
    for (const { index, length } of this.#occurrences(text))
      clean = clean.slice(0, index) + '*'.repeat(length) + clean.slice(index + length);
    return clean.replaceAll(/\s+/g, ' ');
  }
}

/** The value, and how it looks in JSON, in a URL and as base64. */
function formsOf(value) {
  const json = JSON.stringify(value).slice(1, -1);
  const base64 = Buffer.from(value, 'utf8').toString('base64').replace(/=+$/, '');
  return new Set([value, json, encodeURIComponent(value.toWellFormed()), base64]);
}
