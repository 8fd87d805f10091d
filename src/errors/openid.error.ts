import { MaestranoError } from './maestrano.error.js';

/**
 * Every reason to refuse an OpenID answer that SAML does not have as well (protocol §5): what is looked at, and what
 * to do when it fails. The order is the order of checking.
 */
export const OPENID_ERROR_CODES = {
  'openid.input': {
    title: 'An OpenID 2.0 answer with every field once',
    remedy:
      'Keep the url-encoded body parser on for the init path; the provider sends text fields named "openid.…".',
  },
  'openid.cancelled': {
    title: 'A positive answer of the provider',
    remedy: 'The provider or the person broke the login off: start again from the application.',
  },
  'openid.returnTo': {
    title: 'Answer made for this login and this address',
    remedy: 'Make the idm (or app.host) and init path equal to the address that the browser really comes to.',
  },
  'openid.discovery': {
    title: 'Endpoint found by discovery',
    remedy: 'Check api.host and api.id, and that the marketplace offers OpenID 2.0; else use SAML.',
  },
  'openid.endpoint': {
    title: 'Answer of the discovered endpoint',
    remedy: 'The answer names another provider: check api.host and api.id, and look who sent it.',
  },
  'openid.claimedId': {
    title: 'Identifier that this endpoint may give out',
    remedy:
      'The identifier must lie below the endpoint, as …/users/usr-1; another one is the mark of a forged answer.',
  },
  'openid.signedFields': {
    title: 'Everything that is believed is signed',
    remedy: 'Unsigned fields are the mark of a forged answer.',
  },
  'openid.nonce': {
    title: 'Nonce with a recent time',
    remedy: 'Start again; if clocks differ fix NTP, or raise sso.acceptedClockSkewMs.',
  },
  'openid.attributes': {
    title: 'One readable value for each attribute',
    remedy:
      'Look at the named attribute at the provider: it came twice, has several values or odd characters.',
  },
  'openid.userMismatch': {
    title: 'Identifier and user attribute agree',
    remedy: 'The identifier ends in another uid than the attributes name: have the provider look into it.',
  },
  'openid.verification': {
    title: 'Provider confirms that it made this answer',
    remedy: 'If the provider was not reached, try again later; else the answer was changed or used before.',
  },
} as const satisfies Record<string, { readonly title: string; readonly remedy: string }>;

/** The marketplace's OpenID endpoint could not be found, so that no login can begin or be judged. */
export class OpenIdDiscoveryError extends MaestranoError {
  /** The marketplace failed us, not we the person. */
  readonly httpStatus = 502;

  /** @param seen what discovery brought instead, in a few words. */
  constructor(
    marketplace: string,
    readonly seen: string,
    cause?: unknown,
  ) {
    super(`No OpenID endpoint of "${marketplace}" was found: ${seen}.`, {
      code: 'openid.discovery',
      remedy: OPENID_ERROR_CODES['openid.discovery'].remedy,
      marketplace,
      cause,
    });
  }
}
