import { Secret } from '../../utils/secret.js';
import { type AccountEntity, EntityReader, isRecord, type RecordOrigin } from './entity-reader.js';

/** A person (protocol §8.9). */
export interface User extends AccountEntity {
  /** First name. */
  readonly name: string | null;
  readonly surname: string | null;
  /** The real address. */
  readonly email: string | null;
  readonly companyName: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  /** Token of the person's current session on the marketplace: whoever has it is that person. */
  readonly ssoSession: Secret | null;
}

export function toUser(record: unknown, origin: RecordOrigin): User {
  const token = isRecord(record) ? record.sso_session : undefined;
  const ssoSession = typeof token === 'string' && token !== '' ? new Secret(token) : null;
  const secrets = token === undefined ? {} : { sso_session: ssoSession };
  const reader = new EntityReader(record, origin, secrets);
  return Object.freeze({
    ...reader.common,
    name: reader.text('name'),
    surname: reader.text('surname'),
    email: reader.text('email'),
    companyName: reader.text('company_name'),
    country: reader.text('country'),
    ssoSession,
  });
}
