import { type ErrorTable, MaestranoError } from './maestrano.error.js';

/**
 * Every reason to reject an OpenID response that SAML does not have as well (protocol §5): what is looked at, and what
 * to do when it fails. The order is the order of checking.
 */
export const OPENID_ERROR_CODES = {
  'openid.input': {
    meaning: 'An OpenID 2.0 response with every field once',
    remedy:
      'Keep the url-encoded body parser on for the init path; the provider sends text fields named "openid.…".',
  },
  'openid.cancelled': {
    meaning: 'A positive response of the provider',
    remedy: 'The provider or the person broke the login off: start again from the application.',
  },
  'openid.returnTo': {
    meaning: 'Response made for this login and this address',
    remedy: 'Make the idm (or app.host) and init path equal to the address that the browser really comes to.',
  },
  'openid.discovery': {
    meaning: 'Endpoint found by discovery',
    remedy: 'Check api.host and api.id, and that the marketplace offers OpenID 2.0; else use SAML.',
  },
  'openid.endpoint': {
    meaning: 'Response of the discovered endpoint',
    remedy: 'The response names another provider: check api.host and api.id, and look who sent it.',
  },
  'openid.claimedId': {
    meaning: 'Identifier that this endpoint may give out',
    remedy:
      'The identifier must lie below the endpoint, as …/users/usr-1; another one is the mark of a forged response.',
  },
  'openid.signedFields': {
    meaning: 'Everything that is believed is signed',
    remedy: 'Unsigned fields are the mark of a forged response.',
  },
  'openid.nonce': {
    meaning: 'Nonce with a recent time',
    remedy: 'Start again; if clocks differ fix NTP, or raise sso.acceptedClockSkewMs.',
  },
  'openid.attributes': {
    meaning: 'One readable value for each attribute',
    remedy:
      'Look at the named attribute at the provider: it came twice, has several values or odd characters.',
  },
  'openid.userMismatch': {
    meaning: 'Identifier and user attribute agree',
    remedy: 'The identifier ends in another uid than the attributes name: have the provider look into it.',
  },
  'openid.signature': {
    meaning: 'Signature made with the key that this login agreed upon with the provider',
    remedy:
      'The response was changed on its way, or somebody else made it: start again, and look who sent it.',
  },
  'openid.exhausted': {
    meaning: 'Provider not asked too often about this login',
    remedy: 'Responses that it did not make came before this one: start again from the application.',
  },
  'openid.unavailable': {
    meaning: 'Provider says whether it made this response',
    remedy: 'The provider did not respond, or failed: try again in a moment.',
  },
  'openid.verification': {
    meaning: 'Provider confirms that it made this response',
    remedy: 'The response was changed on its way, used before, or made by somebody else: start again.',
  },
} as const satisfies ErrorTable;

/** The marketplace's OpenID endpoint could not be found, so that no login can begin or end. */
export class OpenIdDiscoveryError extends MaestranoError {
  /** What discovery brought instead, in a few words. */
  readonly seen: string;

  constructor(code: 'openid.discovery', facts: OpenIdDiscoveryFacts) {
    // The marketplace failed us, not we the person.
    super({ ...OPENID_ERROR_CODES[code], httpStatus: 502 }, code, {
      ...facts,
      message: `No OpenID endpoint of "${facts.marketplace}" was found: ${facts.seen}.`,
    });
    this.seen = facts.seen;
  }
}

/** What is known of a discovery that failed. */
export interface OpenIdDiscoveryFacts {
  readonly marketplace: string;
  /** What discovery brought instead, in a few words. */
  readonly seen: string;
  readonly cause?: unknown;
}
