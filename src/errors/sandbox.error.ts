import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Every code of {@link SandboxError} with its meaning. */
export const SANDBOX_ERROR_CODES = {
  'sandbox.production': { meaning: 'The sandbox was started with NODE_ENV=production.' },
  'sandbox.platform': { meaning: 'No HTTP platform of NestJS is installed.' },
  'sandbox.listen': { meaning: 'The sandbox cannot listen on the address or port that it was given.' },
  'sandbox.scenario': { meaning: 'The scenario is not known.' },
  'sandbox.address': { meaning: 'The address of the application is neither http nor https.' },
  'sandbox.duration': { meaning: 'A span of time could not be read.' },
  'sandbox.unknown': {
    meaning: 'A marketplace, user, group, variant or delivery is not known to the sandbox.',
  },
  'sandbox.request': { meaning: 'What was asked of the sandbox lacks something, or cannot be read.' },
  'sandbox.login': { meaning: 'A driven login did not go the way of a login.' },
  'sandbox.persist': { meaning: 'The file of a persistent sandbox could not be read.' },
} as const satisfies ErrorTable;

/** What {@link SandboxError.code} can be. */
export type SandboxErrorCode = keyof typeof SANDBOX_ERROR_CODES;

/** Something was asked of the local sandbox that it cannot do. */
export class SandboxError extends MaestranoError {
  declare readonly code: SandboxErrorCode;

  constructor(code: SandboxErrorCode, facts: MaestranoErrorFacts) {
    super(SANDBOX_ERROR_CODES[code], code, facts);
  }
}
