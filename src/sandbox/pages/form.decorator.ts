import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import { exchangeOf } from '../http/exchange.js';

/** The fields of a posted form; the last value of a repeated one. */
export type FormFields = Readonly<Record<string, string>>;

/** Parameter decorator: what a page's form sent. */
export const Form = createParamDecorator((_data: unknown, context: ExecutionContext): FormFields => {
  const { bodyText } = exchangeOf(context.switchToHttp().getRequest());
  return Object.fromEntries(new URLSearchParams(bodyText));
});
