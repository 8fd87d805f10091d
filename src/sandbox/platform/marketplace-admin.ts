import { Inject, Injectable } from '@nestjs/common';

import { SandboxError } from '../../errors/sandbox.error.js';
import { keyPair } from '../keys/key-pairs.js';
import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import type { SandboxMarketplaceRecord, SandboxPaths } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { marketplaceDocument, type MarketplaceDocument } from './marketplace-document.js';

/** What a new marketplace can be given. */
export interface MarketplaceInput {
  readonly name: string;
  /** Made from the name unless given. */
  readonly apiId?: string;
  readonly signatureAlgorithm?: 'sha1' | 'sha256';
  readonly paths?: Partial<SandboxPaths>;
  readonly protocol?: 'saml' | 'openid';
  readonly externalIds?: boolean;
  readonly subscriptions?: Readonly<Record<string, boolean>>;
}

/** What can be changed of a marketplace. */
export type MarketplaceChanges = Partial<
  Pick<SandboxMarketplaceRecord, 'appHost' | 'signatureAlgorithm' | 'externalIds' | 'protocol'>
> & {
  readonly paths?: Partial<SandboxPaths>;
  readonly subscriptions?: Readonly<Record<string, boolean>>;
};

/** The conventional paths of an application, the marketplace as suffix (protocol §1.6). */
export function conventionalPaths(name: string): SandboxPaths {
  return {
    init: `/maestrano/auth/saml/init/${name}`,
    consume: `/maestrano/auth/saml/consume/${name}`,
    group: `/maestrano/account/groups/:id/${name}`,
    groupUser: `/maestrano/account/groups/:group_id/users/:id/${name}`,
    notification: `/maestrano/connec/notifications/${name}`,
    initialization: null,
    synchronizationStart: `/maestrano/${name}/synchronizations`,
    synchronizationToggle: `/maestrano/${name}/synchronizations/toggle_sync`,
    synchronizationStatus: `/maestrano/${name}/synchronizations/:cld-uid`,
  };
}

/** What a vendor does on the developer platform: add, edit, remove, restore marketplaces; rotate keys. */
@Injectable()
export class MarketplaceAdmin {
  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly state: SandboxState,
  ) {}

  /** Every marketplace, removed ones included. */
  list(): SandboxMarketplaceRecord[] {
    return this.state.marketplaces.list();
  }

  /**
   * A marketplace by name.
   *
   * @throws SandboxError `sandbox.unknown`
   */
  get(name: string): SandboxMarketplaceRecord {
    const record = this.state.marketplaces.get(name);
    if (record) return record;
    const names = this.list().map((one) => one.name);
    throw new SandboxError('sandbox.unknown', {
      message: `No marketplace is called "${name}".`,
      remedy: `Known: ${names.join(', ')}.`,
    });
  }

  /** The one named, or the first. */
  getOrFirst(name: string | undefined): SandboxMarketplaceRecord {
    return this.get(name ?? this.list()[0]?.name ?? 'any');
  }

  /** The configuration the application is served at this moment. */
  documents(): MarketplaceDocument[] {
    return this.list()
      .filter((record) => !record.removed)
      .map((record) => marketplaceDocument(this.state, record, this.options.url));
  }

  async add(input: MarketplaceInput): Promise<SandboxMarketplaceRecord> {
    const { name } = input;
    return this.state.marketplaces.add({
      name,
      nid: name,
      apiId: input.apiId ?? this.state.nextId('app'),
      apiKeys: [this.#newApiKey()],
      keyPairs: [await keyPair(this.#nextKeyNumber(), { commonName: `${name} (sandbox)` })],
      signingKey: 0,
      signatureAlgorithm: input.signatureAlgorithm ?? this.options.signatureAlgorithm,
      removed: false,
      appHost: null,
      paths: { ...conventionalPaths(name), ...input.paths },
      externalIds: input.externalIds ?? false,
      subscriptions: { ...input.subscriptions },
      protocol: input.protocol ?? 'saml',
    });
  }

  edit(name: string, changes: MarketplaceChanges): SandboxMarketplaceRecord {
    const record = this.get(name);
    const { paths, subscriptions, ...plain } = changes;
    Object.assign(record, plain);
    record.paths = { ...record.paths, ...paths };
    record.subscriptions = { ...record.subscriptions, ...subscriptions };
    return record;
  }

  /** Takes a marketplace out of the configuration. Its hub keeps responding, as a real one would. */
  remove(name: string): void {
    this.get(name).removed = true;
  }

  restore(name: string): void {
    this.get(name).removed = false;
  }

  /** A new API key. With overlap the old ones stay good until {@link retireOldKeys}; without, they end at once. */
  rotateKey(name: string, { overlap = true } = {}): SandboxMarketplaceRecord {
    const record = this.get(name);
    record.apiKeys = [this.#newApiKey(), ...(overlap ? record.apiKeys : [])];
    return record;
  }

  retireOldKeys(name: string): void {
    const record = this.get(name);
    record.apiKeys = record.apiKeys.slice(0, 1);
  }

  /**
   * A new signing key and certificate. With overlap both certificates are published; `signWith` says which key signs
   * meanwhile: the new one unless said otherwise, or the one that did before.
   */
  async rotateCertificate(
    name: string,
    { overlap = true, signWith = 'new', notAfter }: RotateCertificateOptions = {},
  ): Promise<SandboxMarketplaceRecord> {
    const record = this.get(name);
    const pair = await keyPair(this.#nextKeyNumber(), { commonName: `${name} (sandbox)`, notAfter });
    record.keyPairs = [pair, ...(overlap ? record.keyPairs : [])];
    record.signingKey = overlap && signWith === 'old' ? record.signingKey + 1 : 0;
    return record;
  }

  retireOldCertificates(name: string): void {
    const record = this.get(name);
    record.keyPairs = record.keyPairs.slice(0, 1);
    record.signingKey = 0;
  }

  /** 36 shuffled letters and digits and a number, as real keys look (protocol §0.3). */
  #newApiKey(): string {
    return this.state.nextToken() + this.state.nextId('key').slice('key-'.length);
  }

  #nextKeyNumber(): number {
    return Number(this.state.nextId('pair').slice('pair-'.length));
  }
}

/** How a certificate is rotated. */
export interface RotateCertificateOptions {
  /** Publish the old certificate beside the new one. Default true. */
  readonly overlap?: boolean;
  /** Which key signs during the overlap: the new one, or the one that signs now. Default `new`. */
  readonly signWith?: 'old' | 'new';
  /** End of the new certificate; 2049 unless given. */
  readonly notAfter?: Date;
}
