import { MaestranoError } from './maestrano.error.js';

/** Every code of {@link SandboxError} with its meaning. */
export const SANDBOX_ERROR_CODES = {
  'sandbox.production': 'the sandbox was started with NODE_ENV=production',
  'sandbox.platform': 'no HTTP platform of NestJS is installed',
  'sandbox.scenario': 'the scenario is not known',
  'sandbox.duration': 'a span of time could not be read',
  'sandbox.unknown': 'a marketplace, user, group, variant or delivery is not known to the sandbox',
  'sandbox.login': 'a driven login did not go the way of a login',
  'sandbox.persist': 'the file of a persistent sandbox could not be read',
} as const;

/** What {@link SandboxError.code} can be. */
export type SandboxErrorCode = keyof typeof SANDBOX_ERROR_CODES;

/** Something was asked of the local sandbox that it cannot do. */
export class SandboxError extends MaestranoError {
  constructor(code: SandboxErrorCode, message: string, remedy: string) {
    super(message, { code, remedy });
  }
}
