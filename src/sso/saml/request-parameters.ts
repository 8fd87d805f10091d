/** Names that the binding itself uses; a caller's value would replace the real request (saml §2.3). */
const RESERVED = new Set([
  'samlrequest',
  'samlresponse',
  'relaystate',
  'sigalg',
  'signature',
  'samlencoding',
]);
const NAME = /^[A-Za-z][\w.-]{0,63}$/;
const MAX_VALUE = 512;
const MAX_PARAMETERS = 20;

/** What may be passed on to the identity provider: short texts under harmless names. */
export function passableParameters(params: Readonly<Record<string, unknown>>): Record<string, string> {
  const passable = Object.entries(params).filter(
    (entry): entry is [string, string] =>
      NAME.test(entry[0]) &&
      !RESERVED.has(entry[0].toLowerCase()) &&
      typeof entry[1] === 'string' &&
      entry[1].length <= MAX_VALUE,
  );
  return Object.fromEntries(passable.slice(0, MAX_PARAMETERS));
}
