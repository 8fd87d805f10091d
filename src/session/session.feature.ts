import type { MaestranoFeature } from '../routing/maestrano-feature.interface.js';
import { ApplicationSessionStorage } from './application-session.storage.js';
import { LostSessions } from './lost-sessions.service.js';
import { MaestranoSessionGuard } from './maestrano-session.guard.js';
import { PersonPages } from './person-pages.service.js';
import { SealedCookieStorage } from './sealed-cookie.storage.js';
import { SessionRecheck } from './session-recheck.service.js';
import { SessionRevocations } from './session-revocations.service.js';
import { SessionSeal } from './session-seal.service.js';
import { SessionService } from './session.service.js';

/** Sessions and the guard of the application's routes (protocol §4.11). No routes of their own. */
export function sessionFeature(): MaestranoFeature {
  return {
    providers: [
      ApplicationSessionStorage,
      LostSessions,
      MaestranoSessionGuard,
      PersonPages,
      SealedCookieStorage,
      SessionRecheck,
      SessionRevocations,
      SessionSeal,
      SessionService,
    ],
    exports: [LostSessions, MaestranoSessionGuard, PersonPages, SessionRevocations, SessionService],
    endpoints: [],
  };
}
