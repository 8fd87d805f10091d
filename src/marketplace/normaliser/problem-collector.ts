import type { ConfigurationErrorCode, ConfigurationProblem } from '../../errors/configuration.error.js';

/** Parameters whose value is never shown, whatever was written there. */
const HIDDEN = /(^|\.)(keys?|token|secret|api_secret|password)$|certificate/;

const MAX_FOUND = 80;
/** A hostile body must not make an endless list. */
const MAX_PROBLEMS = 200;
/** Most problems of all marketplaces together; health checks and errors show them. */
const MAX_LISTED = 500;

/** One list for every marketplace that is right. */
const NONE: readonly ConfigurationProblem[] = Object.freeze([]);

/** What is reported to a {@link ProblemCollector}, which adds the rest. */
export interface ReportedProblem {
  readonly code: ConfigurationErrorCode;
  readonly severity?: 'error' | 'warning';
  readonly key?: string;
  /** The value as found; shown redacted and shortened. Leave it out where nothing was found. */
  readonly found?: unknown;
  readonly message: string;
  readonly remedy: string;
}

/** Gathers what is wrong with one marketplace, so that all of it can be reported at once (protocol §1.7). */
export class ProblemCollector {
  readonly #problems: ConfigurationProblem[] = [];
  marketplace: string | null = null;

  /** Errors unless said otherwise. */
  report(problem: ReportedProblem): void {
    if (this.#problems.length > MAX_PROBLEMS) return;
    if (this.#problems.length === MAX_PROBLEMS) {
      this.#problems.push(unlisted('The further problems of the entry are not listed.', 'error'));
      return;
    }
    this.#problems.push({
      code: problem.code,
      severity: problem.severity ?? 'error',
      marketplace: this.marketplace,
      key: problem.key ?? null,
      found: problem.found === undefined ? null : describeFound(problem.key ?? '', problem.found),
      message: problem.message,
      remedy: problem.remedy,
    });
  }

  /** The problems so far, each with the marketplace's name, also when that was read later. */
  get problems(): readonly ConfigurationProblem[] {
    if (this.#problems.length === 0) return NONE;
    return this.#problems.map((problem) => ({ ...problem, marketplace: this.marketplace }));
  }
}

/** As many problems as may be shown, and how many there are beyond them. */
export function boundedProblems(
  lists: Iterable<readonly ConfigurationProblem[]>,
): readonly ConfigurationProblem[] {
  const listed: ConfigurationProblem[] = [];
  let more = 0;
  let severity: ConfigurationProblem['severity'] = 'warning';
  for (const list of lists) {
    for (const problem of list) {
      if (listed.length < MAX_LISTED) {
        listed.push(problem);
        continue;
      }
      more += 1;
      if (problem.severity === 'error') severity = 'error';
    }
  }
  if (more > 0) listed.push(unlisted(`${more} further problems are not listed.`, severity));
  return listed;
}

function unlisted(message: string, severity: ConfigurationProblem['severity']): ConfigurationProblem {
  return {
    code: 'configuration.entry',
    severity,
    marketplace: null,
    key: null,
    found: null,
    message,
    remedy: 'Correct those that are.',
  };
}

/** A value as a problem may show it: short, without credentials, and only its kind where it could be a secret. */
export function describeFound(key: string, value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  if (HIDDEN.test(key)) return `a text of ${value.length} characters`;
  return `"${printable(value)}"`;
}

/** Shortens a text from outside, and takes credentials, queries and control characters out of it. */
export function printable(text: string): string {
  const shown = text
    .replace(/([?#]).*$/s, '$1…')
    .replace(/^([a-z][a-z0-9+.-]*:)?(\/\/)?.*@/is, '$1$2[secret]@')
    // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
  return shown.length > MAX_FOUND ? `${shown.slice(0, MAX_FOUND)}…` : shown;
}
