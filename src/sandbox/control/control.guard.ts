import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';

import { exchangeOf } from '../http/exchange.js';

/**
 * Keeps websites from driving the sandbox through a visitor's browser. Commands and tests are no browsers: what changes
 * something is JSON, which a browser sends elsewhere only after asking, and comes without the headers by which a browser
 * tells where a request is from.
 */
@Injectable()
export class ControlGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { method, headers } = exchangeOf(context.switchToHttp().getRequest());
    if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) {
      throw new ForbiddenException('Browsers use the pages of the sandbox.');
    }
    if (method === 'GET' || headers['content-type']?.startsWith('application/json')) return true;
    throw new ForbiddenException('Send JSON, as application/json.');
  }
}
