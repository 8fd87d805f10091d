import { Injectable } from '@nestjs/common';

import { randomBytes } from 'node:crypto';

import { constantTimeEqual } from '../../utils/constant-time.js';
import { action, form, type FormLook, type ButtonKind } from '../../views/form.js';
import type { Html } from '../../views/html.js';

/**
 * What the forms of this sandbox prove themselves with: a secret of this process, which other sites cannot read out of
 * a page. There is nobody signed in, so one for all forms is enough; it ends with the process.
 */
@Injectable()
export class PageToken {
  readonly #value = randomBytes(24).toString('base64url');

  /** Whether a form brought it. */
  matches(value: string | undefined): boolean {
    return value !== undefined && constantTimeEqual(value, this.#value);
  }

  /** A form that changes something. */
  form(path: string, body: Html, look?: FormLook): Html {
    return form(path, this.#value, body, look);
  }

  /** A button that does something, as a form of its own. */
  action(
    path: string,
    label: string,
    fields: Readonly<Record<string, string>> = {},
    look?: { readonly kind?: ButtonKind; readonly mini?: boolean },
  ): Html {
    return action(path, this.#value, label, fields, look);
  }
}
