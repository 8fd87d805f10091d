import { Inject, Injectable } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { EffectivePath } from '../routing/table/effective-path.service.js';
import { ENDPOINT_REGISTRATION, type EndpointRegistration } from '../routing/endpoint.js';
import { fillPathTemplate } from '../routing/table/path-template.js';
import { PACKAGE_VERSION } from '../utils/package-version.js';

/** Tells the platform how this application is configured (protocol §3). */
@Injectable()
export class MetadataService {
  /** Goes with its snapshot: nothing to expire when the configuration changes. */
  readonly #texts = new WeakMap<Marketplace, string>();

  constructor(
    private readonly effectivePath: EffectivePath,
    @Inject(ENDPOINT_REGISTRATION) private readonly registration: EndpointRegistration,
  ) {}

  /** The metadata of one marketplace, with the paths as they are served in this application; no secret in it. */
  build(marketplace: Marketplace): MetadataBody {
    const { app, sso, webhooks } = marketplace;
    const served = (path: string): string => this.effectivePath.of(path);
    const optional = (path: string | null): string | null => (path === null ? null : served(path));
    const synchronization = (configured: string | null, endpoint: string): string | null =>
      optional(configured ?? this.#conventional(endpoint, marketplace));
    return metadataBody(marketplace, {
      initPath: served(sso.initPath),
      consumePath: served(sso.consumePath),
      groupPath: served(webhooks.account.groupPath),
      groupUserPath: served(webhooks.account.groupUserPath),
      notificationPath: served(webhooks.connec.notificationPath),
      initializationPath: optional(webhooks.connec.initializationPath),
      synchronizationStartPath: synchronization(app.synchronizationStartPath, 'synchronization.start'),
      synchronizationTogglePath: synchronization(app.synchronizationTogglePath, 'synchronization.toggle'),
      synchronizationStatusPath: synchronization(app.synchronizationStatusPath, 'synchronization.status'),
    });
  }

  /** The same as JSON text, made once for each snapshot of the configuration. */
  text(marketplace: Marketplace): string {
    const known = this.#texts.get(marketplace);
    if (known !== undefined) return known;
    const text = JSON.stringify(this.build(marketplace));
    this.#texts.set(marketplace, text);
    return text;
  }

  /** The conventional path of an endpoint that this registration serves; null when it does not. */
  #conventional(name: string, marketplace: Marketplace): string | null {
    const endpoint = this.registration.endpoints.find((candidate) => candidate.name === name);
    const path = endpoint?.conventional.find((candidate) => candidate.includes(':marketplace'));
    return path === undefined
      ? null
      : fillPathTemplate(`/${this.registration.prefix}/${path}`, { marketplace: marketplace.name });
  }
}

/** The paths as they are really served, global prefix included. */
interface MetadataPaths {
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
function metadataBody(marketplace: Marketplace, paths: MetadataPaths) {
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
