import { Injectable } from '@nestjs/common';

import { LOGIN_ERROR_CODES, type SsoErrorCode } from '../../errors/sso-error-codes.js';
import type { LoginCheck, LoginTrace } from '../../interfaces/login-trace.interface.js';
import { LoginTraceService } from './login-trace.service.js';

/** A difference of the clocks that is worth a sentence. */
const NOTEWORTHY_SECONDS = 30;

/** Says in plain words what became of a login, and what to do. */
@Injectable()
export class LoginExplainer {
  constructor(private readonly traces: LoginTraceService) {}

  /** The explanation of a trace code; null when nothing is kept under it. */
  async explain(code: string): Promise<string | null> {
    const trace = await this.traces.find(code);
    return trace && explainTrace(trace);
  }
}

/** The explanation of a trace: several lines, first what happened, then what to do, then everything else. */
export function explainTrace(trace: LoginTrace): string {
  const failed = trace.checks.filter(({ result }) => result === 'failed');
  const passed = trace.checks.filter(({ result }) => result === 'passed').length;
  const [first, ...further] = failed;
  const lines = [
    `Login ${trace.code} on "${trace.marketplace}" at ${trace.at} was ${trace.accepted ? 'accepted' : 'rejected'}.`,
  ];
  if (first) lines.push(describe(first), `What to do: ${remedyOf(first)}`);
  const clock = describeClock(trace.clockOffsetMs);
  if (clock) lines.push(clock);
  for (const check of further) lines.push(`Also: ${describe(check)} ${remedyOf(check)}`);
  const { cleanedAttributes: cleaned, omittedAttributes: omitted } = trace;
  if (cleaned.length > 0) lines.push(`Cleaned, as they are only shown: ${cleaned.join(', ')}.`);
  if (omitted.length > 0) lines.push(`Left out, as they are no plain text: ${omitted.join(', ')}.`);
  lines.push(`${passed} checks passed.`);
  return lines.join('\n');
}

function describe({ title, code, expected, seen }: LoginCheck): string {
  return `${title} (${code}): expected ${expected}; seen ${seen}.`;
}

function remedyOf({ code }: LoginCheck): string {
  return LOGIN_ERROR_CODES[code as SsoErrorCode]?.remedy ?? '';
}

function describeClock(offsetMs: number | null): string | null {
  const seconds = Math.round((offsetMs ?? 0) / 1000);
  if (seconds > NOTEWORTHY_SECONDS) {
    return `The provider's clock is ${seconds} s ahead of ours: fix NTP or raise acceptedClockSkewMs.`;
  }
  if (seconds < -NOTEWORTHY_SECONDS) {
    return `The provider's clock is ${-seconds} s behind ours, or the response was that long on its way: fix NTP or raise acceptedClockSkewMs.`;
  }
  return null;
}
