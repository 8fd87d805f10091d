import type { Logger } from '@nestjs/common';

import { type ConfigurationProblem, describeProblem } from '../../errors/configuration.error.js';

/** Lines told at once; thousands of marketplaces may share one trouble. */
const MAX_LINES = 50;

/** Tells each problem once, and again only after it was gone. */
export class ProblemLog {
  #told: ReadonlySet<string> = new Set();

  constructor(private readonly logger: Logger) {}

  /** @param problems all that there are now. */
  tell(problems: readonly ConfigurationProblem[]): void {
    const told = new Set<string>();
    let fresh = 0;
    for (const problem of problems) {
      const line = describeProblem(problem);
      if (!told.has(line) && !this.#told.has(line)) {
        fresh += 1;
        if (fresh <= MAX_LINES) this.#write(problem, line);
      }
      told.add(line);
    }
    if (fresh > MAX_LINES) this.logger.warn(`- and ${fresh - MAX_LINES} more: see MarketplaceLoader.status.`);
    this.#told = told;
  }

  #write({ severity }: ConfigurationProblem, line: string): void {
    if (severity === 'error') this.logger.error(line);
    else this.logger.warn(line);
  }
}
