import type { SsoError } from '../../errors/sso.error.js';
import { shorten } from '../saml/masked-text.js';

/** One line for the log. JSON, so that nothing a stranger sent can forge a further line. */
export function describeRefusal(refusal: SsoError): string {
  const failed = refusal.checks.find(({ code, verdict }) => code === refusal.code && verdict === 'failed');
  const details = {
    marketplace: refusal.marketplace,
    code: refusal.code,
    trace: refusal.traceCode,
    request: refusal.requestId === null ? null : shorten(refusal.requestId.slice(0, 64)),
    expected: failed?.expected ?? null,
    seen: failed?.seen ?? null,
  };
  return `Login refused: ${JSON.stringify(details)}`;
}
