import { Injectable } from '@nestjs/common';

import type { HealthContributor } from '../interfaces/health.interface.js';

/** Who takes part in the health check beside the built-in parts; inject it to add your own. */
@Injectable()
export class HealthContributors {
  readonly #contributors = new Map<string, HealthContributor>();

  /** Adds a contributor, in place of one of the same name. Returns how to remove it again. */
  add(contributor: HealthContributor): () => void {
    this.#contributors.set(contributor.name, contributor);
    return () => {
      if (this.#contributors.get(contributor.name) === contributor)
        this.#contributors.delete(contributor.name);
    };
  }

  /** All that were added. */
  list(): readonly HealthContributor[] {
    return [...this.#contributors.values()];
  }
}
