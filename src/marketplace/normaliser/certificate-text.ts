import { X509Certificate } from 'node:crypto';

import type { IdpCertificate } from '../../interfaces/marketplace.interface.js';

/** More text than any metadata document has is not looked at. */
const MAX_LENGTH = 512 * 1024;
const MIN_BITS = 1024;
/** Most places of one text where a certificate is looked for. */
const MAX_TRIES = 100;

/** What one configured text holds. */
export interface ParsedCertificates {
  readonly certificates: readonly IdpCertificate[];
  /** Why a part of it is unusable, one sentence a part. */
  readonly failures: readonly string[];
}

/** The beginning of every certificate in base64: a sequence whose length has two bytes. */
const BEGIN = 'MII';

/** So much base64 in one piece is no word of a text, and has to be part of a certificate. */
const RUN = /[A-Za-z0-9+/]{40,}={0,2}/;

/**
 * Reads certificates out of anything that holds them in base64 (protocol §1.5, saml §2.4): PEM with whatever became of
 * its armour, several in one text, one line, quotes, literal `\n`, base64 of any of these, elements of XML, and the
 * metadata document of an identity provider, of which only the certificates for signing count. Not the wrapping is
 * recognised, but the certificate: it begins like one and says its own length. Every part that looks like a certificate
 * and is none ends among the failures.
 */
export function parseCertificates(text: string): ParsedCertificates {
  const certificates = new Map<string, IdpCertificate>();
  const failures: string[] = [];
  readInto(text, true, (found) => {
    if (typeof found === 'string') failures.push(found);
    else certificates.set(found.sha256, found);
  });
  if (certificates.size === 0 && failures.length === 0) failures.push('It holds no certificate.');
  return { certificates: [...certificates.values()], failures };
}

type Report = (found: IdpCertificate | string) => void;

function readInto(text: string, mayUnwrap: boolean, report: Report): void {
  if (text.length > MAX_LENGTH) return report(`It is longer than ${MAX_LENGTH} characters.`);
  const selected = selectForSigning(plainOf(text));
  if (selected.failure !== null) return report(selected.failure);
  const { text: plain } = selected;
  const rest: string[] = [];
  let last = 0;
  let position = 0;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const start = plain.indexOf(BEGIN, position);
    if (start < 0) break;
    const cut = cutCertificate(plain, start);
    const certificate = cut && toX509(cut.der);
    if (!certificate) {
      position = start + BEGIN.length;
      continue;
    }
    report(usable(certificate));
    rest.push(plain.slice(last, start));
    last = position = cut.end;
  }
  rest.push(plain.slice(last));
  // Armour, tags and lists separate the parts.
  for (const part of rest.flatMap((piece) => piece.split(/-{2,}[^-]*-{2,}|<[^>]*>|[,;[\]{}]/))) {
    if (RUN.test(part)) reportRest(part, mayUnwrap, report);
  }
}

/** Other ways of writing line ends and of putting a text together become blanks, other alphabets of base64 the usual one. */
function plainOf(text: string): string {
  return standardAlphabet(percentDecoded(text))
    .replace(/\\+[nrt]/g, '\n')
    .replace(/&#(?:x0*[ad9]|0*(?:10|13|9));/gi, '\n')
    .replace(/<\/?(?:br|p|div|span|pre|code)\b[^>]{0,100}>/gi, ' ')
    .replace(/(["'])\s{0,100}[+.&]\s{0,100}\1/g, '');
}

/** As forms and addresses write it, where a bare `+` is a blank. */
function percentDecoded(text: string): string {
  if (!/%(?:2b|2f|0a)/i.test(text)) return text;
  return text
    .replaceAll('+', ' ')
    .replace(/%([2-7][0-9a-f]|0[9ad])/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    );
}

/** A certificate may be written in the alphabet for addresses, which has `-` and `_` for `+` and `/`. */
function standardAlphabet(text: string): string {
  const beginning = /MII[\w-]{37,}/.exec(text)?.[0] ?? '';
  if (!/[-_]/.test(beginning)) return text;
  return text.replace(/[\w-]{16,}/g, (run) =>
    /^-{2,}|-{2,}$/.test(run) ? run : run.replaceAll('-', '+').replaceAll('_', '/'),
  );
}

interface Selected {
  readonly text: string;
  /** Why nothing of it can be used. */
  readonly failure: string | null;
}

/**
 * Of a metadata document the keys of its identity provider: those for encryption, those of a service provider beside
 * it, and the one that signed the document verify no login. Anything else as it is.
 */
function selectForSigning(text: string): Selected {
  if (
    !/<[\w.-]{0,40}:?(?:KeyDescriptor|EntityDescriptor|EntitiesDescriptor|IDPSSODescriptor)[\s>]/.test(text)
  ) {
    return { text, failure: null };
  }
  const document = withoutComments(text);
  const providers = elements(document, 'IDPSSODescriptor');
  if (providers.length === 0 && /EntityDescriptor[\s>]/.test(document)) {
    return { text: '', failure: 'The metadata document describes no identity provider.' };
  }
  if (elements(document, 'EntityDescriptor').length > 1) {
    return {
      text: '',
      failure: 'The metadata document describes several parties: give the certificate of one.',
    };
  }
  const scope = providers.length > 0 ? providers.join('\n') : document;
  const keys = elements(scope, 'KeyDescriptor').filter((key) => {
    const [tag = ''] = /^[^>]*/.exec(key) ?? [];
    return !/\suse\s*=\s*["']encryption["']/.test(tag);
  });
  return keys.length > 0
    ? { text: keys.join('\n'), failure: null }
    : { text: '', failure: 'The metadata document holds no certificate for signing.' };
}

function withoutComments(document: string): string {
  const [first = '', ...others] = document.split('<!--');
  return first + others.map((part) => part.slice(part.indexOf('-->') + 3)).join(' ');
}

/** The outermost elements of that local name, with their tags; the document was written by a machine. */
function elements(document: string, name: string): string[] {
  const found: string[] = [];
  const open = new RegExp(`<(?:([\\w.-]{1,40}):)?${name}[\\s>]`, 'g');
  for (let match = open.exec(document); match; match = open.exec(document)) {
    const end = `</${match[1] === undefined ? '' : `${match[1]}:`}${name}`;
    const at = document.indexOf(end, open.lastIndex);
    if (at < 0) break;
    found.push(document.slice(match.index, at));
    open.lastIndex = at + end.length;
  }
  return found;
}

/** The bytes of what begins there, as long as it says it is, and where it ends; null for what does not go on so long. */
function cutCertificate(text: string, start: number): { readonly der: Buffer; readonly end: number } | null {
  // 8 characters hold the six bytes with the length.
  const header = collect(text, start, 8);
  if (!header) return null;
  const bytes = Buffer.from(header.base64, 'base64');
  const length = 4 + bytes.readUInt16BE(2);
  const body = collect(text, start, Math.ceil((length * 4) / 3));
  if (!body) return null;
  const der = Buffer.from(body.base64, 'base64').subarray(0, length);
  const [padding = ''] = /^\s{0,10}={0,2}/.exec(text.slice(body.end, body.end + 20)) ?? [];
  return der.length === length ? { der, end: body.end + (padding.includes('=') ? padding.length : 0) } : null;
}

/** So many characters of base64 from there on, whatever stands between them but armour and tags; null for fewer. */
function collect(
  text: string,
  start: number,
  count: number,
): { readonly base64: string; readonly end: number } | null {
  let base64 = '';
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]!;
    if (/[A-Za-z0-9+/]/.test(character)) base64 += character;
    else if (character === '<' || text.startsWith('--', at)) return null;
    if (base64.length === count) return { base64, end: at + 1 };
  }
  return null;
}

function toX509(der: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
}

/** What is left between certificates: base64 of a text that holds some, or a part that is none. */
function reportRest(part: string, mayUnwrap: boolean, report: Report): void {
  const base64 = part.replace(/[^A-Za-z0-9+/=]+/g, '');
  if (mayUnwrap) {
    const inner = Buffer.from(base64, 'base64').toString('latin1');
    if (inner.includes(BEGIN) && /CERTIFICATE|X509/i.test(inner)) return readInto(inner, false, report);
  }
  if (base64.includes(BEGIN)) report('A certificate does not parse: it is cut off, or damaged.');
  else report('A part of it is no certificate.');
}

function usable(certificate: X509Certificate): IdpCertificate | string {
  const key = certificate.publicKey;
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa') return 'Its key is not RSA.';
  if (bits < MIN_BITS) return `Its RSA key has ${bits} bits, fewer than ${MIN_BITS}.`;
  return {
    pem: toPem(certificate.raw),
    sha1: hex(certificate.fingerprint),
    sha256: hex(certificate.fingerprint256),
    subject: certificate.subject.replace(/\n/g, ', '),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    bits,
  };
}

function hex(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

/** PEM with 64 columns, from the bytes that were parsed and not from the text they came in. */
function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
