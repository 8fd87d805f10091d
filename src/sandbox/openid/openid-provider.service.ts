import { randomUUID } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import { webAddress } from '../../views/web-address.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import type { SandboxExchange } from '../http/exchange.js';
import { loginAttributes } from '../idp/login-attributes.js';
import { RECHECK_MS } from '../idp/identity-provider.service.js';
import { LoginLog } from '../login/login-log.js';
import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import type { SandboxGroupRecord, SandboxMarketplaceRecord, SandboxUserRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { Associations, type OpenIdFields } from './associations.js';
import { AX_ATTRIBUTES, OPENID } from './openid-names.js';

/** Longest address a positive response goes into; longer ones are posted by a form. */
const MAX_URL = 2_047;

/** What the provider does about a request that came through a browser. */
export type OpenIdOutcome =
  | { readonly kind: 'choose-user'; readonly users: readonly SandboxUserRecord[] }
  | {
      readonly kind: 'choose-group';
      readonly user: SandboxUserRecord;
      readonly groups: readonly SandboxGroupRecord[];
    }
  | { readonly kind: 'redirect'; readonly url: string }
  | { readonly kind: 'post'; readonly action: string; readonly fields: Readonly<Record<string, string>> }
  | { readonly kind: 'malformed'; readonly message: string };

/** Fields of a message without their prefix, from query and form. */
export function openIdFields(exchange: SandboxExchange): OpenIdFields {
  const fields = new Map<string, string>();
  for (const source of [exchange.query, new URLSearchParams(exchange.bodyText)]) {
    for (const [name, value] of source)
      if (name.startsWith('openid.')) fields.set(name.slice('openid.'.length), value);
  }
  return fields;
}

/** The marketplace's OpenID 2.0 provider (protocol §5). */
@Injectable()
export class OpenIdProviderService {
  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly associations: Associations,
    private readonly log: LoginLog,
  ) {}

  /** The provider's address for an application: endpoint and place of discovery in one. */
  endpoint(marketplace: SandboxMarketplaceRecord): string {
    return `${this.options.url}/api/openid/provider/${marketplace.apiId}`;
  }

  /** Responses to `associate` and `check_authentication`; null for modes that come through a browser. */
  direct(fields: OpenIdFields): Record<string, string> | null {
    const ns = OPENID.namespace;
    if (fields.get('mode') === 'check_authentication') {
      const confirmed = this.associations.confirm(new Map(fields).set('mode', 'id_res'));
      const invalid = fields.get('invalidate_handle');
      const isGone = invalid !== undefined && !this.associations.isKnown(invalid);
      return { ns, is_valid: String(confirmed), ...(isGone ? { invalidate_handle: invalid } : {}) };
    }
    if (fields.get('mode') !== 'associate') return null;
    const association = this.associations.associate(fields);
    return association
      ? { ns, ...association }
      : { ns, error: 'Unsupported type', error_code: 'unsupported-type', assoc_type: 'HMAC-SHA256' };
  }

  /** Handles a request through the browser: who signs in, for which company, and the signed response. */
  login(
    marketplace: SandboxMarketplaceRecord,
    fields: OpenIdFields,
    exchange: SandboxExchange,
  ): OpenIdOutcome {
    const returnTo = fields.get('return_to');
    if (!returnTo || !URL.canParse(returnTo)) return { kind: 'malformed', message: 'return_to is missing' };
    if (webAddress(returnTo) === null)
      return { kind: 'malformed', message: 'return_to is neither http nor https' };
    if (fields.get('mode') === 'checkid_immediate')
      return this.#send(returnTo, { ns: OPENID.namespace, mode: 'setup_needed' });
    if (fields.get('mode') !== 'checkid_setup') return { kind: 'malformed', message: 'unknown mode' };
    if (!returnTo.startsWith(this.state.appHostOf(marketplace))) {
      exchange.remarks.push(
        `The return address ${returnTo} is not the application's; the real provider rejects it.`,
      );
    }
    const uid = exchange.query.get('user_uid');
    const user = uid ? this.state.user(marketplace.name, uid) : undefined;
    if (!user) return { kind: 'choose-user', users: this.state.usersOf(marketplace.name) };
    const groups = this.state.accessibleGroups(user);
    if (groups.length === 0) return { kind: 'redirect', url: `${this.options.url}/app_access_unauthorized` };
    const wanted = exchange.query.getAll('group_id').at(-1);
    const group = groups.length === 1 ? groups[0] : groups.find((one) => one.uid === wanted);
    if (!group) return { kind: 'choose-group', user, groups };
    this.log.sent({
      marketplace: marketplace.name,
      protocol: 'openid',
      user: user.uid,
      group: group.uid,
      sent: 'valid',
    });
    return this.#send(
      returnTo,
      Object.fromEntries(this.#positive(marketplace, fields, returnTo, user, group)),
    );
  }

  #positive(
    marketplace: SandboxMarketplaceRecord,
    request: OpenIdFields,
    returnTo: string,
    user: SandboxUserRecord,
    group: SandboxGroupRecord,
  ): Map<string, string> {
    const endpoint = this.endpoint(marketplace);
    const identity = `${endpoint}/users/${user.uid}`;
    const wanted = request.get('assoc_handle');
    const handle = this.associations.handleFor(wanted);
    const fields = new Map<string, string>([
      ['ns', OPENID.namespace],
      ['mode', 'id_res'],
      ['op_endpoint', endpoint],
      ['claimed_id', identity],
      ['identity', identity],
      ['return_to', returnTo],
      // Not by the seed: an application that remembers takes a nonce that comes again for a replay.
      ['response_nonce', this.clock.iso() + randomUUID().slice(0, 8)],
      ['assoc_handle', handle],
      ...(wanted && wanted !== handle ? ([['invalidate_handle', wanted]] as const) : []),
      ...this.#attributes(user, group),
      ...this.#extensions(request, user),
    ]);
    fields.set('signed', [...fields.keys()].filter((name) => name !== 'mode' && name !== 'ns').join(','));
    fields.set('sig', this.associations.sign(fields));
    return fields;
  }

  /** Attribute exchange is always sent, asked for or not; blank values are left out with their types. */
  #attributes(user: SandboxUserRecord, group: SandboxGroupRecord): [string, string][] {
    const known = new Map(
      loginAttributes(this.state, this.options.behaviour, user, group, this.clock.iso(RECHECK_MS)),
    )
      .set('city', user.city ?? '')
      .set('timezone', user.timezone ?? '');
    const fields: [string, string][] = [
      ['ns.ax', OPENID.ax],
      ['ax.mode', 'fetch_response'],
    ];
    for (const [alias, type, attribute] of AX_ATTRIBUTES) {
      const value = known.get(attribute);
      if (value) fields.push([`ax.type.${alias}`, type], [`ax.value.${alias}`, value]);
    }
    return fields;
  }

  /** Simple registration and policy extension: only when they were asked for. */
  #extensions(request: OpenIdFields, user: SandboxUserRecord): [string, string][] {
    const fields: [string, string][] = [];
    for (const [name, namespace] of request) {
      if (!name.startsWith('ns.')) continue;
      const alias = name.slice('ns.'.length);
      if (namespace === OPENID.sreg || namespace === OPENID.oldSreg) {
        fields.push([name, namespace], [`${alias}.nickname`, user.name]);
        fields.push([`${alias}.fullname`, `${user.name} ${user.surname}`], [`${alias}.email`, user.email]);
      } else if (namespace === OPENID.pape) {
        fields.push([name, namespace], [`${alias}.auth_policies`, 'none'], [`${alias}.nist_auth_level`, '2']);
      }
    }
    return fields;
  }

  #send(returnTo: string, message: Readonly<Record<string, string>>): OpenIdOutcome {
    const fields = Object.fromEntries(
      Object.entries(message).map(([name, value]) => [`openid.${name}`, value]),
    );
    const url = new URL(returnTo);
    for (const [name, value] of Object.entries(fields)) url.searchParams.append(name, value);
    return url.href.length > MAX_URL
      ? { kind: 'post', action: returnTo, fields }
      : { kind: 'redirect', url: url.href };
  }
}
