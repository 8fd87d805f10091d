import { Inject, Injectable } from '@nestjs/common';

import { MaestranoConsoleError } from '../errors/console.error.js';
import type { IncomingRequest } from '../utils/incoming-request.js';
import { isRecord } from '../utils/values.js';
import type { ConsolePerson, ConsoleRole } from './console-person.js';
import { CONSOLE_SETTINGS, type ConsoleSettings } from './console-settings.js';

const ROLES: readonly ConsoleRole[] = ['view', 'replay', 'money'];
const MAX_NAME = 200;

/** Asks the application who uses the console. */
@Injectable()
export class ConsolePeople {
  constructor(@Inject(CONSOLE_SETTINGS) private readonly settings: ConsoleSettings) {}

  /**
   * Who asks.
   *
   * @throws MaestranoConsoleError `console.person` when the application does not say, `console.role` without `view`.
   */
  async of(request: IncomingRequest): Promise<ConsolePerson> {
    const found: unknown = await this.settings.roles(request);
    if (!isRecord(found)) throw new MaestranoConsoleError('console.person');
    const { name, roles } = found;
    const known = Array.isArray(roles) ? ROLES.filter((role) => roles.includes(role)) : [];
    if (typeof name !== 'string' || name.trim() === '' || name.length > MAX_NAME) {
      throw new MaestranoConsoleError('console.person');
    }
    if (!known.includes('view')) {
      throw new MaestranoConsoleError('console.role', { message: 'The console needs the role view.' });
    }
    return { name: name.trim(), roles: known };
  }
}
