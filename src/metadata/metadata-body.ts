import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { PACKAGE_VERSION } from '../utils/package-version.js';

/** The paths as they are really served, global prefix included. */
export interface MetadataPaths {
  readonly initPath: string;
  readonly consumePath: string;
  readonly groupPath: string;
  readonly groupUserPath: string;
  readonly notificationPath: string;
  readonly initializationPath: string | null;
  readonly synchronizationStartPath: string | null;
  readonly synchronizationTogglePath: string | null;
  readonly synchronizationStatusPath: string | null;
}

/** Body of the metadata endpoint (protocol §3.3). */
export type MetadataBody = ReturnType<typeof metadataBody>;

/**
 * What the platform may know of our configuration: the names of the static generation beside those of the dynamic
 * one, so that old and new consumers read it (protocol §3.3). Only what is listed here gets out; no key ever does.
 */
export function metadataBody(marketplace: Marketplace, paths: MetadataPaths) {
  const { app, api, sso, connec, webhooks } = marketplace;
  const notifications = {
    external_ids: webhooks.connec.externalIds,
    initialization_path: paths.initializationPath,
  };
  return {
    nid: marketplace.nid,
    marketplace: marketplace.name,
    environment: marketplace.environment,
    app: {
      host: app.host,
      synchronization_start_path: paths.synchronizationStartPath,
      synchronization_toggle_path: paths.synchronizationTogglePath,
      synchronization_status_path: paths.synchronizationStatusPath,
    },
    api: {
      id: api.id,
      host: api.host,
      base: api.base,
      version: PACKAGE_VERSION,
      lang: 'node',
      lang_version: process.versions.node,
    },
    sso: {
      enabled: sso.enabled,
      slo_enabled: sso.sloEnabled,
      creation_mode: sso.creationMode,
      init_path: paths.initPath,
      consume_path: paths.consumePath,
      idm: sso.idm,
      idp: sso.idp,
      name_id_format: sso.nameIdFormat,
      x509_fingerprint: fingerprint(marketplace),
      x509_certificate: sso.certificates[0]?.pem ?? null,
    },
    connec: {
      enabled: connec.enabled,
      host: connec.host,
      base_path: connec.basePath,
      timeout: connec.timeoutMs / 1000,
    },
    webhook: {
      account: { groups_path: paths.groupPath, group_users_path: paths.groupUserPath },
      connec: {
        notifications_path: paths.notificationPath,
        ...notifications,
        subscriptions: webhooks.connec.subscriptions,
      },
    },
    webhooks: {
      account: { group_path: paths.groupPath, group_user_path: paths.groupUserPath },
      connec: { notification_path: paths.notificationPath, ...notifications },
    },
  };
}

/** Pairs of digits with colons, as the platform writes it: SHA-1 of the newest certificate, or what is pinned. */
function fingerprint({ sso }: Marketplace): string | null {
  const digest = sso.certificates[0]?.sha1 ?? sso.fingerprints[0]?.digest;
  return digest?.match(/../g)?.join(':') ?? null;
}
