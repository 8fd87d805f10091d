import type { Logger } from '@nestjs/common';

import { type ConfigurationProblem, describeProblem } from '../../errors/configuration.error.js';

/** Tells each problem once, and again only after it was gone. */
export class ProblemLog {
  #told: ReadonlySet<string> = new Set();

  constructor(private readonly logger: Logger) {}

  /** @param problems all that there are now. */
  tell(problems: readonly ConfigurationProblem[]): void {
    const told = new Set<string>();
    for (const problem of problems) {
      const line = describeProblem(problem);
      if (!told.has(line) && !this.#told.has(line)) {
        if (problem.severity === 'error') this.logger.error(line);
        else this.logger.warn(line);
      }
      told.add(line);
    }
    this.#told = told;
  }
}
