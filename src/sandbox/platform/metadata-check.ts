import { Injectable } from '@nestjs/common';

import { isRecord } from '../../utils/values.js';
import { sendRequest } from '../http/send-request.js';
import type { SandboxMarketplaceRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { MarketplaceAdmin } from './marketplace-admin.js';

/** One field of the application's metadata beside the developer platform's copy. */
export interface MetadataField {
  /** Dotted name, as the application wrote it. */
  readonly field: string;
  readonly expected: string;
  /** Null when the application does not tell. */
  readonly seen: string | null;
  readonly result: 'same' | 'different' | 'missing';
}

/** What the metadata endpoint of an application looks like from the marketplace (protocol §3). */
export interface MetadataReport {
  readonly url: string;
  /** Null when no response came. */
  readonly status: number | null;
  /** What is wrong with the response as such; null when it is JSON. */
  readonly problem: string | null;
  readonly fields: readonly MetadataField[];
  /** Whether wrong credentials were rejected with 401. */
  readonly rejectsStrangers: boolean;
  /** Whether the response holds the API key, which it never may. */
  readonly leaksKey: boolean;
  /** Everything in order. */
  readonly good: boolean;
}

/** How long a result is shown again, and how long a page waits for a new one; milliseconds. */
const RECENT_MS = 5_000;
const HASTY_MS = 1_000;

/** Reads an application's metadata as the hub does, and compares it with the configuration. */
@Injectable()
export class MetadataCheck {
  readonly #last = new Map<string, { readonly at: number; readonly report: MetadataReport }>();

  constructor(
    private readonly state: SandboxState,
    private readonly marketplaces: MarketplaceAdmin,
  ) {}

  /**
   * The result of the last {@link RECENT_MS}, or a new one with little patience: for a page that shows it in passing.
   */
  async recent(name: string): Promise<MetadataReport> {
    const last = this.#last.get(name);
    if (last && performance.now() - last.at < RECENT_MS) return last.report;
    const report = await this.run(name, HASTY_MS);
    this.#last.set(name, { at: performance.now(), report });
    return report;
  }

  /** @param name the marketplace whose credentials are used. @param timeoutMs how long to wait for the application. */
  async run(name: string, timeoutMs?: number): Promise<MetadataReport> {
    const record = this.marketplaces.get(name);
    const url = `${this.state.appHostOf(record)}/maestrano/metadata`;
    const key = record.apiKeys[0] ?? '';
    const [response, stranger] = await Promise.all([
      fetchAs(url, record.apiId, key, timeoutMs),
      fetchAs(url, record.apiId, 'wrong', timeoutMs),
    ]);
    const body = response && parse(response.body);
    const problem =
      response === null
        ? 'no response'
        : response.status !== 200
          ? `status ${response.status}`
          : body
            ? null
            : 'no JSON object';
    const fields = body && !problem ? compare(expectedOf(record, this.state.appHostOf(record)), body) : [];
    const leaksKey = response !== null && record.apiKeys.some((one) => response.body.includes(one));
    const rejectsStrangers = stranger?.status === 401;
    const good = !problem && rejectsStrangers && !leaksKey && fields.every(({ result }) => result === 'same');
    return { url, status: response?.status ?? null, problem, fields, rejectsStrangers, leaksKey, good };
  }
}

async function fetchAs(
  url: string,
  user: string,
  password: string,
  timeoutMs: number | undefined,
): Promise<{ status: number; body: string } | null> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  try {
    return await sendRequest({
      method: 'GET',
      url,
      headers: { authorization, accept: 'application/json' },
      timeoutMs,
    });
  } catch {
    return null;
  }
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** What the consumers of metadata read, in the static generation's names (protocol §3.2). */
function expectedOf(record: SandboxMarketplaceRecord, host: string): Readonly<Record<string, string>> {
  const { paths } = record;
  return {
    'app.host': host,
    'api.id': record.apiId,
    'sso.idm': host,
    'sso.init_path': paths.init,
    'sso.consume_path': paths.consume,
    'webhook.account.groups_path': paths.group,
    'webhook.account.group_users_path': paths.groupUser,
    'webhook.connec.notifications_path': paths.notification,
  };
}

function compare(expected: Readonly<Record<string, string>>, body: Record<string, unknown>): MetadataField[] {
  return Object.entries(expected).map(([field, wanted]) => {
    let value: unknown = body;
    for (const part of field.split('.')) value = isRecord(value) ? value[part] : undefined;
    const seen = typeof value === 'string' ? value : null;
    const result = seen === null ? 'missing' : seen === wanted ? 'same' : 'different';
    return { field, expected: wanted, seen, result };
  });
}
