import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';

import { exchangeOf } from '../http/exchange.js';

/** Keeps other websites from pressing the sandbox's buttons through a visitor's browser. */
@Injectable()
export class SameOriginGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { method, headers } = exchangeOf(context.switchToHttp().getRequest());
    if (method === 'GET') return true;
    const { origin, host } = headers;
    if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return true;
    throw new ForbiddenException('Forms of the sandbox are posted from its own pages only.');
  }
}
