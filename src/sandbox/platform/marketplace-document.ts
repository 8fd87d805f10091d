import { isIP } from 'node:net';

import type { SandboxMarketplaceRecord } from '../state/records.js';
import type { SandboxState } from '../state/sandbox-state.js';

/**
 * A marketplace as the developer platform writes it (protocol §1.6). During a rotation, lists stand for one value.
 * A type, not an interface, so that it passes as any JSON object.
 */
export type MarketplaceDocument = {
  readonly marketplace: string;
  readonly nid: string;
  readonly environment: string;
  readonly app: Readonly<Record<string, string | null>>;
  readonly api: {
    readonly id: string;
    readonly key: string;
    /** Only while two keys are good. */
    readonly keys?: readonly string[];
    readonly host: string;
    readonly base: string;
  };
  readonly sso: {
    readonly protocol?: 'openid';
    readonly idm: string;
    readonly init_path: string;
    readonly consume_path: string;
    readonly idp: string;
    readonly x509_fingerprint: string;
    /** A list only while two certificates are good. */
    readonly x509_certificate: string | readonly string[];
  };
  readonly connec: { readonly host: string; readonly base_path: string; readonly timeout: number };
  readonly webhooks: {
    readonly account: { readonly group_path: string; readonly group_user_path: string };
    readonly connec: {
      readonly external_ids: boolean;
      readonly initialization_path: string | null;
      readonly notification_path: string;
      readonly subscriptions: Readonly<Record<string, boolean>> | null;
    };
  };
};

/** Where the sandbox is, as an application reaches it: `http://127.0.0.1:4000`. */
export function sandboxUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : isIP(host) === 6 ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/** One marketplace of the developer platform's response. */
export function marketplaceDocument(
  state: SandboxState,
  record: SandboxMarketplaceRecord,
  url: string,
): MarketplaceDocument {
  const host = state.appHostOf(record);
  const { paths, keyPairs, apiKeys } = record;
  const certificates = keyPairs.map((pair) => pair.certificate);
  return {
    marketplace: record.name,
    nid: record.nid,
    environment: state.environment.name,
    app: {
      host,
      synchronization_start_path: paths.synchronizationStart,
      synchronization_toggle_path: paths.synchronizationToggle,
      synchronization_status_path: paths.synchronizationStatus,
    },
    api: {
      id: record.apiId,
      key: apiKeys[0] as string,
      ...(apiKeys.length > 1 ? { keys: apiKeys } : {}),
      host: url,
      base: '/api/v1/',
    },
    sso: {
      ...(record.protocol === 'openid' ? { protocol: 'openid' as const } : {}),
      idm: host,
      init_path: paths.init,
      consume_path: paths.consume,
      idp: url,
      x509_fingerprint: keyPairs[0]?.fingerprint ?? '',
      x509_certificate: certificates.length > 1 ? certificates : (certificates[0] as string),
    },
    connec: { host: url, base_path: '/connec/api/v2', timeout: 300 },
    webhooks: {
      account: { group_path: paths.group, group_user_path: paths.groupUser },
      connec: {
        external_ids: record.externalIds,
        initialization_path: paths.initialization,
        notification_path: paths.notification,
        subscriptions: Object.keys(record.subscriptions).length > 0 ? record.subscriptions : null,
      },
    },
  };
}
