import { Injectable } from '@nestjs/common';

import type { SsoErrorCode } from '../../errors/sso-error-codes.js';
import { SandboxError } from '../../errors/sandbox.error.js';
import { SandboxClock } from '../clock/sandbox-clock.js';
import { IdentityProviderService, type LoginRequest } from '../idp/identity-provider.service.js';
import { keyPair } from '../keys/key-pairs.js';
import { SandboxLogin, type LoginOptions } from '../login/sandbox-login.js';
import { MarketplaceAdmin } from '../platform/marketplace-admin.js';
import { SandboxState } from '../state/sandbox-state.js';
import type { AssertionVariant, WorkshopBench } from './assertion-variant.js';
import { DOCUMENT_VARIANTS } from './document-variants.js';
import { FIELD_VARIANTS } from './field-variants.js';
import { WRAPPING_VARIANTS } from './wrapping-variants.js';

/** Number of the key that no application trusts; marketplaces count from 1. */
const STRANGER_KEY = 0;

/** Every variant of the workshop, `valid` first. */
export const ASSERTION_VARIANTS: readonly AssertionVariant[] = [
  ...FIELD_VARIANTS,
  ...DOCUMENT_VARIANTS,
  ...WRAPPING_VARIANTS,
];

/** What a response is made for, when no login is driven. */
export interface BuildOptions {
  readonly acsUrl: string;
  readonly requestId: string;
  /** Default `usr-1`. */
  readonly user?: string;
  /** Default `cld-1`. */
  readonly group?: string;
  /** The first marketplace unless given. */
  readonly marketplace?: string;
}

/** What an application made of a variant. */
export interface VariantResult {
  readonly variant: string;
  readonly title: string;
  /** Codes that were expected; empty for an acceptance. */
  readonly expected: readonly SsoErrorCode[];
  readonly status: number;
  readonly location: string | null;
  readonly body: string;
  /** The code the application gave in a JSON response; null where it sent a page or a redirect. */
  readonly code: string | null;
  /** Whether the person was not signed in: an error status, or sent back to the start or the marketplace. */
  readonly rejected: boolean;
  /** Whether that is what was to happen. */
  readonly asExpected: boolean;
}

/** Makes responses with exactly one thing wrong, and sends them through a real login. */
@Injectable()
export class AssertionWorkshop {
  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly marketplaces: MarketplaceAdmin,
    private readonly provider: IdentityProviderService,
    private readonly login: SandboxLogin,
  ) {}

  /** Every variant, `valid` first. */
  readonly variants = ASSERTION_VARIANTS;

  /** The form field of a variant for a request that is known. */
  async build(variant: string, options: BuildOptions): Promise<string> {
    const marketplace = this.marketplaces.getOrFirst(options.marketplace);
    const { acsUrl, requestId } = options;
    const issuer = `${this.provider.endpoint}?SAMLRequest=workshop`;
    return this.make(variant, { marketplace, acsUrl, requestId, issuer }, options);
  }

  /** The form field of a variant in response to a request. */
  async make(
    variant: string,
    request: LoginRequest,
    who: { user?: string; group?: string } = {},
  ): Promise<string> {
    return this.#find(variant).make(await this.#bench(request, who));
  }

  /** Begins a login at the application, responds with a variant, and reports what the application did. */
  async send(appUrl: string, variant: string, options: LoginOptions = {}): Promise<VariantResult> {
    const { title, expected, times = 1 } = this.#find(variant);
    const { browser, form, request } = await this.login.reach(appUrl, options);
    const samlResponse = await this.make(variant, request, options);
    let page = await browser.post(form.action, { SAMLResponse: samlResponse });
    for (let turn = 1; turn < times; turn++)
      page = await browser.post(form.action, { SAMLResponse: samlResponse });
    const location = page.headers['location'] ?? null;
    const rejected = page.status >= 400 || this.#isTurnedAway(location, page.url, options);
    const code = codeOf(page.body);
    const asExpected = rejected
      ? expected.length > 0 && (code === null || expected.some((one) => one === code))
      : expected.length === 0;
    return {
      variant,
      title,
      expected,
      status: page.status,
      location,
      body: page.body,
      code,
      rejected,
      asExpected,
    };
  }

  /** Sends every variant, one after another. */
  async sendAll(appUrl: string, options: Omit<LoginOptions, 'browser'> = {}): Promise<VariantResult[]> {
    const results: VariantResult[] = [];
    for (const { name } of this.variants) results.push(await this.send(appUrl, name, options));
    return results;
  }

  /** Whether a redirect leads back to the start, to the marketplace, or to a page that names an error. */
  #isTurnedAway(location: string | null, from: string, options: LoginOptions): boolean {
    if (location === null) return false;
    const target = new URL(location, from);
    const start = new URL(this.login.initUrl(target.origin, { marketplace: options.marketplace }));
    return (
      target.pathname === start.pathname ||
      location.startsWith(this.provider.origin) ||
      /(^|[?&])(code=sso\.|err(or)?=)/.test(target.search)
    );
  }

  #find(name: string): AssertionVariant {
    const variant = this.variants.find((one) => one.name === name);
    if (variant) return variant;
    const names = this.variants.map((one) => one.name).join(', ');
    throw new SandboxError('sandbox.unknown', {
      message: `There is no variant "${name}".`,
      remedy: `Take one of ${names}.`,
    });
  }

  async #bench(request: LoginRequest, who: { user?: string; group?: string }): Promise<WorkshopBench> {
    const { marketplace } = request;
    const user = this.state.user(marketplace.name, who.user ?? 'usr-1');
    const groups = user ? this.state.accessibleGroups(user) : [];
    const group = groups.find((one) => one.uid === (who.group ?? 'cld-1')) ?? groups[0];
    if (!user || !group) {
      throw new SandboxError('sandbox.unknown', {
        message: `${marketplace.name} has no such person with a group.`,
        remedy: 'Add them first.',
      });
    }
    return {
      fields: this.provider.responseFields(request, user, group),
      key: this.provider.signingKey(marketplace),
      strangerKey: await keyPair(STRANGER_KEY, { commonName: 'stranger (sandbox)' }),
      algorithm: marketplace.signatureAlgorithm,
      at: (offsetMs) => this.clock.iso(offsetMs),
    };
  }
}

function codeOf(body: string): string | null {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === 'string' ? code : null;
  } catch {
    return null;
  }
}
