import { type CustomDecorator, SetMetadata } from '@nestjs/common';

import { SKIP_SESSION } from '../maestrano.constants.js';

/** Opens a controller or method to people who are not signed in, where {@link MaestranoSessionGuard} is global. */
export function SkipMaestranoSession(): CustomDecorator<symbol> {
  return SetMetadata(SKIP_SESSION, true);
}
