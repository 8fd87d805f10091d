import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import { MaestranoConnecError } from '../../errors/connec.error.js';
import type { ConnecSettings } from '../../settings/maestrano-settings.js';
import { CONNEC_SETTINGS } from '../../settings/settings.providers.js';
import { deriveKeys } from '../../utils/derived-keys.js';
import type { NotificationBody } from './notification-reader.js';

type Entity = NotificationBody[string][number];

/** The field that holds a sealed entity; beside it stands only `group_id`, by which a deleted group's are found. */
const FIELD = 'maestrano_sealed';
/** Version, name of the key, then nonce, text and tag. */
const SEALED = /^v1\.([\w-]{8})\.([\w-]+)$/;
const [NONCE, TAG] = [12, 16];

/**
 * Keeps the entities of dead letters sealed: AES-256-GCM with a key of `connec.notifications.deadLetterSecret`, each entity
 * by itself and bound to its marketplace, resource and group. Without the secret nothing is sealed. Those who lack the
 * key see the number of entities, their resources and groups.
 */
@Injectable()
export class DeadLetterSeal {
  /** By name, the one that seals first. */
  readonly #keys: ReadonlyMap<string, Buffer>;

  constructor(@Inject(CONNEC_SETTINGS) { notifications }: ConnecSettings) {
    const { deadLetterSecret: secrets } = notifications;
    const keys = secrets ? deriveKeys(secrets, 'nestjs-maestrano dead letter v1') : [];
    this.#keys = new Map(keys.map((key) => [nameOf(key), key]));
  }

  /** Whether dead letters are sealed from now on. */
  get isOn(): boolean {
    return this.#keys.size > 0;
  }

  /** The entities, sealed; as they are without a secret. What is sealed already is left alone. */
  seal(marketplace: string, body: NotificationBody): NotificationBody {
    const [current] = this.#keys;
    if (!current) return body;
    return mapped(body, (entity, resource) =>
      sealedText(entity) === null ? sealOne(current, placeOf(marketplace, resource, entity), entity) : entity,
    );
  }

  /**
   * The entities as they were given up.
   *
   * @throws MaestranoConnecError `connec.sealed` where the key is not known any more, or what is stored was changed.
   */
  open(marketplace: string, body: NotificationBody): NotificationBody {
    if (!isSealed(body)) return body;
    return mapped(body, (entity, resource) => {
      const text = sealedText(entity);
      return text === null
        ? entity
        : this.#openOne(text, placeOf(marketplace, resource, entity), marketplace);
    });
  }

  #openOne(text: string, place: Buffer, marketplace: string): Entity {
    const [, name = '', content = ''] = SEALED.exec(text) ?? [];
    const key = this.#keys.get(name);
    if (!key) throw sealed(marketplace, `The key ${name === '' ? 'of it' : name} is not known here.`);
    try {
      const bytes = Buffer.from(content, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE), { authTagLength: TAG });
      decipher.setAAD(place).setAuthTag(bytes.subarray(-TAG));
      const plain = Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]);
      return JSON.parse(plain.toString('utf8')) as Entity;
    } catch {
      throw sealed(marketplace, 'What is stored was changed, or belongs to another record.');
    }
  }
}

/** Whether one of the entities is sealed. */
export function isSealed(body: NotificationBody): boolean {
  return Object.values(body).some((entities) => entities.some((entity) => sealedText(entity) !== null));
}

function mapped(
  body: NotificationBody,
  change: (entity: Entity, resource: string) => Entity,
): NotificationBody {
  return Object.fromEntries(
    Object.entries(body).map(([resource, entities]) => [
      resource,
      entities.map((entity) => change(entity, resource)),
    ]),
  );
}

function sealOne([name, key]: readonly [string, Buffer], place: Buffer, entity: Entity): Entity {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  cipher.setAAD(place);
  const text = Buffer.concat([cipher.update(JSON.stringify(entity), 'utf8'), cipher.final()]);
  const content = Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url');
  return { group_id: entity.group_id, [FIELD]: `v1.${name}.${content}` };
}

/** What is sealed is worth nothing in another place. */
function placeOf(marketplace: string, resource: string, { group_id }: Entity): Buffer {
  return Buffer.from(JSON.stringify([marketplace, resource, group_id ?? null]));
}

/** The sealed text of an entity; null where it is open. */
function sealedText(entity: Entity): string | null {
  const text = entity[FIELD];
  return typeof text === 'string' && text.startsWith('v1.') ? text : null;
}

/** Says which key it is, and nothing of it. */
function nameOf(key: Buffer): string {
  return createHash('sha256').update(key).update('id').digest('base64url').slice(0, 8);
}

function sealed(marketplace: string, why: string): MaestranoConnecError {
  return new MaestranoConnecError('connec.sealed', {
    message: `A dead letter cannot be opened. ${why}`,
    marketplace,
    remedy:
      'Add the secret that it was sealed with to connec.notifications.deadLetterSecret, behind the newest.',
  });
}
