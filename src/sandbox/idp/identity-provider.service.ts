import { randomUUID } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import { webAddress } from '../../views/web-address.js';
import { isoSeconds, SandboxClock } from '../clock/sandbox-clock.js';
import type { SandboxExchange } from '../http/exchange.js';
import { LoginLog } from '../login/login-log.js';
import { MarketplaceFinder } from '../platform/marketplace-finder.js';
import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import type { SandboxGroupRecord, SandboxMarketplaceRecord, SandboxUserRecord } from '../state/records.js';
import { SandboxState } from '../state/sandbox-state.js';
import { readAuthnRequest } from './authn-request.js';
import { loginAttributes } from './login-attributes.js';
import { assertionXml, formField, responseXml, SAML, type ResponseFields } from './response-document.js';
import { signElement } from './sign-element.js';
import { escapeXml } from './xml.js';

/** How long the application may rely on a session before it asks again, milliseconds (protocol §4.6). */
export const RECHECK_MS = 180_000;
const ASSERTION_MS = 3_600_000;
const CLOCK_TOLERANCE_MS = 5_000;

/** A login request that was read and belongs to a marketplace. */
export interface LoginRequest {
  readonly marketplace: SandboxMarketplaceRecord;
  readonly requestId: string;
  readonly acsUrl: string;
  /** The request URL up to the first ampersand, which the real provider calls itself. */
  readonly issuer: string;
}

/** What the identity provider does about a login request. */
export type LoginOutcome =
  | { readonly kind: 'rejected'; readonly status: number; readonly message: string }
  | {
      readonly kind: 'choose-user';
      readonly request: LoginRequest;
      readonly users: readonly SandboxUserRecord[];
    }
  | {
      readonly kind: 'choose-group';
      readonly request: LoginRequest;
      readonly user: SandboxUserRecord;
      readonly groups: readonly SandboxGroupRecord[];
    }
  | { readonly kind: 'denied'; readonly user: SandboxUserRecord }
  | {
      readonly kind: 'respond';
      readonly request: LoginRequest;
      readonly user: SandboxUserRecord;
      readonly group: SandboxGroupRecord;
    };

/** The marketplace's SAML identity provider (protocol §4). Knows no pages: it says what is to be shown. */
@Injectable()
export class IdentityProviderService {
  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly marketplaces: MarketplaceFinder,
    private readonly log: LoginLog,
  ) {}

  /** A login request and the response to it (protocol §4.1 steps 3 and 4). */
  login(exchange: SandboxExchange): LoginOutcome {
    const request = this.readRequest(exchange);
    if ('message' in request) return { kind: 'rejected', ...request };
    const { marketplace } = request;
    const uid = exchange.query.get('user_uid');
    const user = uid ? this.state.user(marketplace.name, uid) : undefined;
    if (!user) return { kind: 'choose-user', request, users: this.state.usersOf(marketplace.name) };

    const groups = this.state.accessibleGroups(user);
    if (groups.length === 0) return { kind: 'denied', user };
    // The chosen group replaces the one that came with the launch: the last one counts.
    const wanted = exchange.query.getAll('group_id').at(-1);
    const group = groups.length === 1 ? groups[0] : groups.find((one) => one.uid === wanted);
    if (!group) return { kind: 'choose-group', request, user, groups };
    return { kind: 'respond', request, user, group };
  }

  /** The form field that signs a person in (protocol §4.4). */
  validResponse({ request, user, group }: Extract<LoginOutcome, { kind: 'respond' }>, offsetMs = 0): string {
    return formField(this.signedResponse(request, this.responseFields(request, user, group, offsetMs)));
  }

  /** Scheme, host and port of the provider. */
  get origin(): string {
    return this.options.url;
  }

  /** The SSO endpoint (protocol §4.2). */
  get endpoint(): string {
    return `${this.options.url}/api/v1/auth/saml`;
  }

  /** Reads the request and finds its marketplace, as strictly as the real provider (protocol §4.3). */
  readRequest(exchange: SandboxExchange): LoginRequest | { status: number; message: string } {
    const read = readAuthnRequest(exchange.query.get('SAMLRequest'));
    if (!read)
      return { status: 500, message: 'SAMLRequest is missing, or not base64 of a raw-deflated document.' };
    if (read.acsUrl !== null && webAddress(read.acsUrl) === null)
      return { status: 400, message: 'The AssertionConsumerServiceURL is neither http nor https.' };
    const request = this.requestAt(exchange.url);
    if (!request) {
      const known = read.issuer && this.marketplaces.byApiId(read.issuer);
      return known
        ? { status: 500, message: 'The request has no ID or no AssertionConsumerServiceURL.' }
        : { status: 200, message: `Wrong APP ID! No application has the id "${read.issuer ?? ''}".` };
    }
    const expected = this.state.appHostOf(request.marketplace) + request.marketplace.paths.consume;
    if (request.acsUrl !== expected) {
      exchange.remarks.push(`The consume URL ${request.acsUrl} is not the configured ${expected}.`);
      if (this.options.behaviour === 'strict') {
        return { status: 400, message: 'The AssertionConsumerServiceURL is not the configured consume URL.' };
      }
    }
    if (!exchange.url.includes('?SAMLRequest=')) {
      exchange.remarks.push(
        'SAMLRequest is not the first parameter; the real provider would name itself wrongly.',
      );
    }
    return request;
  }

  /** The request in a URL of the endpoint, path and query; null when it is incomplete or its issuer unknown. */
  requestAt(url: string): LoginRequest | null {
    const query = new URLSearchParams(url.slice(url.indexOf('?') + 1));
    const read = readAuthnRequest(query.get('SAMLRequest'));
    const marketplace = read?.issuer ? this.marketplaces.byApiId(read.issuer) : undefined;
    if (!read?.id || !read.acsUrl || !marketplace || webAddress(read.acsUrl) === null) return null;
    const issuer = this.options.url + (url.split('&')[0] as string);
    return { marketplace, requestId: read.id, acsUrl: read.acsUrl, issuer };
  }

  /** What a valid response to a request says of a person in a group (protocol §4.5). */
  responseFields(
    request: LoginRequest,
    user: SandboxUserRecord,
    group: SandboxGroupRecord,
    offsetMs = 0,
  ): ResponseFields {
    const now = this.clock.now().getTime() + offsetMs;
    const at = (ms: number): string => isoSeconds(new Date(now + ms));
    return {
      // Not by the seed: an application that remembers takes an id that comes again for a replay.
      responseId: `_${randomUUID()}`,
      assertionId: `_${randomUUID()}`,
      issueInstant: at(0),
      destination: request.acsUrl,
      inResponseTo: request.requestId,
      issuer: request.issuer,
      status: SAML.success,
      nameId: user.uid,
      recipient: request.acsUrl,
      subjectNotOnOrAfter: at(RECHECK_MS),
      notBefore: at(-CLOCK_TOLERANCE_MS),
      notOnOrAfter: at(ASSERTION_MS),
      // Origin and slash of the consume URL, whatever the application's id is.
      audience: /^(.*?\/\/.*?\/)/.exec(request.acsUrl)?.[1] ?? request.acsUrl,
      attributes: loginAttributes(this.state, this.options.behaviour, user, group, at(RECHECK_MS)),
    };
  }

  /** The response as it is sent: the assertion signed with the marketplace's key, the response not. */
  signedResponse(request: LoginRequest, fields: ResponseFields): string {
    // The old sandbox pastes values into the document as they are; "&" in a name breaks its responses.
    const text = this.options.behaviour === 'like-2016' ? (value: string): string => value : escapeXml;
    const xml = responseXml(fields, assertionXml(fields, text));
    return signElement(
      xml,
      'Assertion',
      this.signingKey(request.marketplace),
      request.marketplace.signatureAlgorithm,
    );
  }

  /** The key that signs for a marketplace at present. */
  signingKey(marketplace: SandboxMarketplaceRecord): SandboxMarketplaceRecord['keyPairs'][number] {
    return marketplace.keyPairs[marketplace.signingKey] as SandboxMarketplaceRecord['keyPairs'][number];
  }

  /** Whether a session token is good, and when to ask again; `recheck` is there either way (protocol §4.11). */
  checkSession(exchange: SandboxExchange, id: string): { valid: boolean; recheck: string } {
    const user = this.marketplaces.bySession(id, exchange.query.get('session'));
    if (user) this.log.checked(user.marketplace, user.uid);
    return { valid: user !== undefined, recheck: this.clock.iso(RECHECK_MS + exchange.clockOffsetMs) };
  }
}
