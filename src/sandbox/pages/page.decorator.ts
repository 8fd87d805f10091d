import { applyDecorators, Controller, Get, Header, UseGuards, UseInterceptors } from '@nestjs/common';

import { PAGE_POLICY } from '../../views/layout.js';
import { CsrfGuard } from './csrf.guard.js';
import { ServerTiming } from './server-timing.js';

/** Headers of every page: never cached, nothing inline or from elsewhere, no guessing of types. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': PAGE_POLICY,
  'x-content-type-options': 'nosniff',
};

/** Sends {@link PAGE_HEADERS}. */
export function PageHeaders(): MethodDecorator {
  return applyDecorators(...Object.entries(PAGE_HEADERS).map(([name, value]) => Header(name, value)));
}

/** A page for people at a path. */
export function Page(path: string): MethodDecorator {
  return applyDecorators(Get(path), PageHeaders(), UseInterceptors(ServerTiming));
}

/** Pages below a path, whose forms are guarded. */
export function PageController(path = ''): ClassDecorator {
  return applyDecorators(Controller(path), UseGuards(CsrfGuard));
}
