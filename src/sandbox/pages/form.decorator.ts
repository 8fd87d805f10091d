import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import { TOKEN_FIELD } from '../../views/form.js';
import { exchangeOf } from '../http/exchange.js';

/** The fields of a posted form; the last value of a repeated one. */
export type FormFields = Readonly<Record<string, string>>;

/** Parameter decorator: what a page's form sent, its token excepted. */
export const Form = createParamDecorator((_data: unknown, context: ExecutionContext): FormFields => {
  const { bodyText } = exchangeOf(context.switchToHttp().getRequest());
  const fields = new URLSearchParams(bodyText);
  fields.delete(TOKEN_FIELD);
  return Object.fromEntries(fields);
});
