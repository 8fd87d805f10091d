import { applyDecorators, Get, Header } from '@nestjs/common';

import { PAGE_POLICY } from '../../views/layout.js';

/** A page for people at a path: HTML, never cached, nothing loaded from elsewhere. */
export function Page(path: string): MethodDecorator {
  return applyDecorators(
    Get(path),
    Header('content-type', 'text/html; charset=utf-8'),
    Header('cache-control', 'no-store'),
    Header('content-security-policy', PAGE_POLICY),
  );
}
