import { Inject, Injectable } from '@nestjs/common';

import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';

/** Where the sandbox itself is. */
@Injectable()
export class SandboxAddress {
  constructor(@Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions) {}

  /** Known once the sandbox listens; without trailing slash. */
  get url(): string {
    return this.options.url;
  }
}
