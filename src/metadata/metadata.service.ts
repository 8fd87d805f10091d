import { Inject, Injectable } from '@nestjs/common';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { EffectivePath } from '../routing/table/effective-path.service.js';
import { ENDPOINT_REGISTRATION, type EndpointRegistration } from '../routing/endpoint.js';
import { fillPathTemplate } from '../routing/table/path-template.js';
import { type MetadataBody, metadataBody } from './metadata-body.js';

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
