import type { Advice } from '../main-review.js';

/** What an integration looks like on a library: the adapters of docs/your-database.md. */
export interface OrmTemplates {
  /** Files by name; `{suffix}` is what relative imports end in. Those of adapters export `AppUser` and `AppGroup`. */
  readonly files: Readonly<Record<string, string>>;
  /** Lines of the module: imports, what its factory injects, and as what. */
  readonly imports: string;
  readonly inject: string;
  readonly parameter: string;
  /** The executor of nestjs-maestrano/sql. */
  readonly executor: string;
  readonly advice: Omit<Advice, 'place'>;
}
