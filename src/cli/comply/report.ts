import type {
  ComplianceReport,
  ComplianceResult,
} from '../../testing/compliance/compliance-scenario.interface.js';
import type { CliIo } from '../cli-io.js';
import { paint } from '../paint.js';

/** One scenario as it ends: a line. Why it failed comes with the summary. */
export function describeResult(io: CliIo, { id, title, result, reason }: ComplianceResult): string {
  if (result === 'passed') return `${paint(io, 'green', '✓')} ${title}\n`;
  if (result === 'skipped') return `${paint(io, 'yellow', '-')} ${title}: ${reason}\n`;
  return `${paint(io, 'red', '✗')} ${title} (${id})\n`;
}

/** What failed and what to do about it, then the numbers: the end is what a terminal shows. */
export function describeSummary(io: CliIo, { results, passed, failed, skipped }: ComplianceReport): string {
  const problems = results.filter(({ result }) => result === 'failed');
  const list = problems.map((problem) => describeProblem(io, problem)).join('\n');
  const again =
    problems.length > 0 ? `\nOnly these again: --only ${problems.map(({ id }) => id).join(',')}\n` : '';
  const numbers = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  return `${list === '' ? '' : `\n${paint(io, 'bold', 'Failed')}\n\n`}${list}${again}\n${paint(io, failed > 0 ? 'red' : 'green', numbers)}\n`;
}

function describeProblem(io: CliIo, { id, title, reason, remedy, exchanges }: ComplianceResult): string {
  const lines = [
    `${paint(io, 'red', '✗')} ${title} (${id})`,
    `    ${reason}`,
    `    → ${remedy}`,
    ...exchanges.map((one) => paint(io, 'dim', `      ${one}`)),
  ];
  return `${lines.join('\n')}\n`;
}
