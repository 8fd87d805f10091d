const MAX_LENGTH = 200;
const PLAIN = /^[\x20-\x7e]*$/;
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu;
const LONE_SURROGATE = /\p{Cs}/gu;

/** Text from outside on one line and of bounded length, fit for logs and pages that escape it. */
export function shorten(text: string): string {
  if (text.length <= MAX_LENGTH && PLAIN.test(text)) return text;
  const start = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return start.replace(UNSAFE, '?').replace(LONE_SURROGATE, '?');
}

/** A personal value, recognisable only to somebody who knows it already. */
export function mask(text: string): string {
  return text === '' ? 'nothing' : `${text.slice(0, 2)}… (${text.length} characters)`;
}
