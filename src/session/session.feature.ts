import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import { ApplicationSessionCarrier } from './application-session.carrier.js';
import { CarriedLogins } from './carried-logins.js';
import { MaestranoSessionGuard } from './maestrano-session.guard.js';
import { SealedCookieCarrier } from './sealed-cookie.carrier.js';
import { SessionKeyring } from './session-keyring.service.js';
import { SessionRecheck } from './session-recheck.service.js';
import { SessionRevocations } from './session-revocations.service.js';
import { SessionSeal } from './session-seal.service.js';
import { SessionService } from './session.service.js';

/** Sessions and the guard of the application's routes (protocol §4.11). No routes of their own. */
export function sessionFeature(): MaestranoFeature {
  return {
    providers: [
      ApplicationSessionCarrier,
      CarriedLogins,
      MaestranoSessionGuard,
      SealedCookieCarrier,
      SessionKeyring,
      SessionRecheck,
      SessionRevocations,
      SessionSeal,
      SessionService,
    ],
    exports: [MaestranoSessionGuard, SessionService],
    endpoints: [],
  };
}
