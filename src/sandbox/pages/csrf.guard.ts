import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';

import { TOKEN_FIELD } from '../../views/form.js';
import { exchangeOf } from '../http/exchange.js';
import { PageToken } from './page-token.js';

/**
 * Keeps other websites from pressing the sandbox's buttons through a visitor's browser: a form must come from a page
 * of this sandbox, and bring the token that only such a page holds.
 */
@Injectable()
export class CsrfGuard implements CanActivate {
  constructor(private readonly token: PageToken) {}

  canActivate(context: ExecutionContext): boolean {
    const { method, headers, bodyText } = exchangeOf(context.switchToHttp().getRequest());
    if (method === 'GET' || method === 'HEAD') return true;
    const { origin, host } = headers;
    if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host))
      throw new ForbiddenException('Forms of the sandbox are posted from its own pages only.');
    if (this.token.matches(new URLSearchParams(bodyText).get(TOKEN_FIELD) ?? undefined)) return true;
    throw new ForbiddenException(
      'The form is not from a page of this sandbox, or from one before its last start. Reload the page and try again.',
    );
  }
}
