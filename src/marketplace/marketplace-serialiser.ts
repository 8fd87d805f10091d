import { createHmac, randomBytes } from 'node:crypto';

import type { JsonObject } from '../interfaces/marketplace-input.interface.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { deepFreeze } from '../utils/deep-freeze.js';

/** Keyed, so that nobody who sees a revision can try out keys against it. */
const REVISION_KEY = randomBytes(32);

/**
 * Writes a marketplace down as the developer platform would (protocol §1.6), so that reading it again gives an equal
 * one. Holds the keys in clear: only for the last-known-good file and for digests.
 */
export function serialiseMarketplace(marketplace: Omit<Marketplace, 'revision'>): JsonObject {
  const { app, api, sso, connec, webhooks } = marketplace;
  return {
    marketplace: marketplace.name,
    nid: marketplace.nid,
    environment: marketplace.environment,
    app: {
      host: app.host,
      synchronization_start_path: app.synchronizationStartPath,
      synchronization_toggle_path: app.synchronizationTogglePath,
      synchronization_status_path: app.synchronizationStatusPath,
    },
    api: { id: api.id, key: api.keys.map((key) => key.reveal()), host: api.host, base: api.base },
    sso: {
      enabled: sso.enabled,
      slo_enabled: sso.sloEnabled,
      protocol: sso.protocol,
      creation_mode: sso.creationMode,
      idm: sso.idm,
      init_path: sso.initPath,
      consume_path: sso.consumePath,
      idp: sso.idp,
      name_id_format: sso.nameIdFormat,
      x509_certificate: sso.certificates.map((certificate) => certificate.pem),
      x509_fingerprint: sso.fingerprints.map((fingerprint) => fingerprint.digest),
    },
    connec: {
      enabled: connec.enabled,
      host: connec.host,
      base_path: connec.basePath || '/',
      reports_path: connec.reportsPath || '/',
      timeout: connec.timeoutMs / 1000,
    },
    webhooks: {
      account: { group_path: webhooks.account.groupPath, group_user_path: webhooks.account.groupUserPath },
      connec: {
        notification_path: webhooks.connec.notificationPath,
        initialization_path: webhooks.connec.initializationPath,
        external_ids: webhooks.connec.externalIds,
        subscriptions: webhooks.connec.subscriptions,
      },
    },
  };
}

/** Freezes a marketplace and gives it its revision. */
export function sealMarketplace(marketplace: Omit<Marketplace, 'revision'>): Marketplace {
  const text = JSON.stringify(serialiseMarketplace(marketplace));
  const revision = createHmac('sha256', REVISION_KEY).update(text).digest('base64');
  return deepFreeze({ ...marketplace, revision });
}
