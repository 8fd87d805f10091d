import { parseSessionDate } from '../utils/dates.js';
import { Secret } from '../utils/secret.js';
import { isRecord } from '../utils/values.js';

/** What a session is kept as, whoever wrote it (protocol §4.11). */
export interface SessionPayload {
  readonly userUid: string;
  readonly groupUid: string;
  readonly token: Secret;
  /** The epoch when the payload has none that can be trusted: then the marketplace is asked at once. */
  readonly recheckAt: Date;
  /** Marketplace; null in the payloads of the java, php and .NET SDKs. */
  readonly preset: string | null;
  /** The epoch in payloads of other SDKs, so that any removal since then closes them. */
  readonly signedInAt: Date;
  /** When the person's session at the identity provider ends; null when it did not say, or another SDK wrote this. */
  readonly endsAt: Date | null;
}

const MAX_LENGTH = 16_384;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** The official form: base64 of JSON on one line, with keys of our own that the official SDKs ignore. */
export function encodeSessionPayload(payload: SessionPayload): string {
  return Buffer.from(JSON.stringify(toOfficialKeys(payload))).toString('base64');
}

/** Reads what any official SDK or {@link encodeSessionPayload} wrote; null when it is neither. */
export function decodeSessionPayload(text: unknown): SessionPayload | null {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return null;
  // The ruby SDK breaks lines every 60 characters.
  const compact = text.replace(/\s+/g, '');
  if (!BASE64.test(compact)) return null;
  try {
    return fromOfficialKeys(JSON.parse(Buffer.from(compact, 'base64').toString('utf8')));
  } catch {
    return null;
  }
}

/** The official JSON keys. */
export function toOfficialKeys(payload: SessionPayload): Record<string, string> {
  return {
    uid: payload.userUid,
    session: payload.token.reveal(),
    session_recheck: `${payload.recheckAt.toISOString().slice(0, 19)}Z`,
    group_uid: payload.groupUid,
    ...(payload.preset === null ? {} : { preset: payload.preset }),
    signed_in_at: payload.signedInAt.toISOString(),
    ...(payload.endsAt ? { ends_at: payload.endsAt.toISOString() } : {}),
  };
}

/** The payload behind the official JSON keys; null when user, company or token is missing. */
export function fromOfficialKeys(value: unknown): SessionPayload | null {
  if (!isRecord(value)) return null;
  const { uid, session, session_recheck, group_uid, preset, signed_in_at, ends_at } = value;
  if (!isFilled(uid) || !isFilled(session) || !isFilled(group_uid)) return null;
  return {
    userUid: uid,
    groupUid: group_uid,
    token: new Secret(session),
    recheckAt: parseSessionDate(session_recheck) ?? new Date(0),
    preset: isFilled(preset) ? preset : null,
    signedInAt: parseSessionDate(signed_in_at) ?? new Date(0),
    endsAt: parseSessionDate(ends_at),
  };
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
