import { MaestranoHttpError } from '../../errors/http.error.js';
import { accountTarget, connecTarget, ssoTarget } from '../../http/marketplace-target.js';
import type { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { HttpResponse, HttpTarget } from '../../http/http.types.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { type Finding, ok, trouble } from './finding.js';

/** Beyond these differences assertions look as if they came too early or too late; milliseconds. */
const CLOCK_WARNING_MS = 30_000;
const CLOCK_ERROR_MS = 120_000;

/** What one server is asked. */
interface Question {
  readonly subject: string;
  readonly target: HttpTarget;
  readonly path: string;
  /** Whether the response shows whether our credentials are good. */
  readonly proves: boolean;
}

/** Whether the marketplace's servers respond, take our credentials, and agree with us on the time. */
export async function checkServers(marketplace: Marketplace, http: MaestranoHttp): Promise<Finding[]> {
  const { api, sso, connec } = marketplace;
  const connecServer = connec.enabled ? connecTarget(marketplace) : null;
  const questions: Question[] = [
    { subject: 'account', target: accountTarget(marketplace), path: `${api.base}ping`, proves: true },
    ...(sso.enabled ? [{ subject: 'sso', target: ssoTarget(marketplace), path: '/', proves: false }] : []),
    ...(connecServer
      ? [{ subject: 'connec', target: connecServer, path: connec.basePath || '/', proves: false }]
      : []),
  ];
  const findings = await Promise.all(questions.map((question) => ask(question, marketplace, http)));
  return findings.flat();
}

async function ask(
  { subject, target, path, proves }: Question,
  { name }: Marketplace,
  http: MaestranoHttp,
): Promise<Finding[]> {
  const operation = `GET doctor/${subject}`;
  let response: HttpResponse;
  const before = Date.now();
  try {
    response = await http.request(target, { method: 'GET', path, operation, attempts: 1, timeoutMs: 10_000 });
  } catch (error) {
    if (!(error instanceof MaestranoHttpError)) throw error;
    const message = `${target.origin} is not reachable (${error.code})`;
    return [
      trouble('error', subject, name, message, error.remedy || 'Check the host, DNS, proxy and firewall.'),
    ];
  }
  const clock = clockFinding(response, (before + Date.now()) / 2, subject, name);
  if (proves && (response.status === 401 || response.status === 403)) {
    const remedy =
      'Compare api.id and api.key with the developer platform; after a rotation, fetch the new key.';
    return [
      trouble(
        'error',
        subject,
        name,
        `${target.origin} rejects our API id and key (${response.status})`,
        remedy,
      ),
      ...clock,
    ];
  }
  if (response.status >= 500) {
    return [
      trouble(
        'warning',
        subject,
        name,
        `${target.origin} responds with ${response.status}`,
        'Try again later.',
      ),
      ...clock,
    ];
  }
  return [
    ok(subject, name, `${target.origin} responds${proves ? ' and takes our API id and key' : ''}`),
    ...clock,
  ];
}

/** From the `Date` header, which has whole seconds: half a second is added. */
function clockFinding({ headers }: HttpResponse, now: number, subject: string, name: string): Finding[] {
  const theirs = Date.parse(headers['date'] ?? '');
  if (Number.isNaN(theirs)) return [];
  const difference = now - (theirs + 500);
  if (Math.abs(difference) < CLOCK_WARNING_MS) return [];
  const seconds = Math.round(Math.abs(difference) / 1000);
  const level = Math.abs(difference) >= CLOCK_ERROR_MS ? 'error' : 'warning';
  const message = `this machine's clock is ${seconds} s ${difference > 0 ? 'ahead of' : 'behind'} the ${subject} server's`;
  return [
    trouble(level, 'clock', name, message, 'Synchronise the clock (NTP): assertions are rejected otherwise.'),
  ];
}
