import { MaestranoHttpError } from '../../errors/http.error.js';
import type { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { HttpResponse, HttpMethod, HttpTarget } from '../../http/http.types.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { fillPathTemplate } from '../../routing/table/path-template.js';
import { type Finding, ok, trouble } from './finding.js';

/** An identifier that no platform hands out. */
const NOBODY = 'doctor-0';

/** One route as the marketplace calls it, and how it must respond when nothing proves the caller. */
interface Probe {
  readonly what: string;
  readonly method: HttpMethod;
  readonly path: string;
  readonly expected: readonly number[];
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Calls the running application as the marketplace would, without credentials, so that nothing happens: whether each
 * route is there and shut (protocol §4.2, §6.1, §7.1). Then, with credentials, sends a notification without records and
 * reads the metadata (protocol §3).
 *
 * @param base where the application is, instead of the configured `app.host`.
 */
export async function checkApplication(
  marketplace: Marketplace,
  http: MaestranoHttp,
  base: string | null,
): Promise<Finding[]> {
  const target = applicationTarget(marketplace, base);
  const { origin } = target;
  const findings: Finding[] = [];
  for (const probe of probesOf(marketplace)) {
    const response = await call(http, target, probe);
    if (response instanceof MaestranoHttpError) {
      const message = `${origin} is not reachable (${response.code})`;
      return [
        trouble(
          'error',
          'route',
          marketplace.name,
          message,
          'Start the application, or name its address with --app-url.',
        ),
      ];
    }
    findings.push(toFinding(marketplace.name, probe, response.status));
  }
  const [key] = marketplace.api.keys;
  const credentials = key ? { user: marketplace.api.id, password: key } : null;
  const known: HttpTarget = { ...target, credentials };
  return [
    ...findings,
    ...(await checkNotification(marketplace, http, known)),
    ...(await checkMetadata(marketplace, http, known)),
  ];
}

function probesOf({ sso, webhooks }: Marketplace): Probe[] {
  const ids = { id: NOBODY, group_id: NOBODY };
  return [
    ...(sso.enabled
      ? ([
          { what: 'login', method: 'GET', path: sso.initPath, expected: [302, 303] },
          // Scanners of links ask like this.
          { what: 'login', method: 'HEAD', path: sso.initPath, expected: [302, 303] },
          {
            what: 'consume',
            method: 'POST',
            path: sso.consumePath,
            expected: [302, 303, 400, 403],
            body: new URLSearchParams(),
          },
        ] as const)
      : []),
    {
      what: 'group webhook',
      method: 'DELETE',
      path: fillPathTemplate(webhooks.account.groupPath, ids),
      expected: [401],
    },
    {
      what: 'group webhook, announced as JSON and empty',
      method: 'DELETE',
      path: fillPathTemplate(webhooks.account.groupPath, ids),
      expected: [401],
      headers: { 'content-type': 'application/json' },
    },
    {
      what: 'group user webhook',
      method: 'DELETE',
      path: fillPathTemplate(webhooks.account.groupUserPath, ids),
      expected: [401],
    },
    {
      what: 'Connec! webhook',
      method: 'POST',
      path: webhooks.connec.notificationPath,
      expected: [401],
      body: {},
    },
  ];
}

function toFinding(name: string, { what, method, path, expected }: Probe, status: number): Finding {
  const route = `${what}: ${method} ${path}`;
  if (expected.includes(status))
    return ok('route', name, `${route} responds ${status}, as it should without credentials`);
  const message = `${route} responds ${status} instead of ${expected.join(' or ')}`;
  return trouble('error', 'route', name, message, remedyFor(status, expected));
}

function remedyFor(status: number, expected: readonly number[]): string {
  if (status === 404)
    return 'Nothing is mounted there: compare the path with the developer platform, and exclude our routes from a global prefix with maestranoRoutes().';
  if (status === 403)
    return 'A global guard or CSRF protection stands before our routes: use the decorators extra, and exclude maestranoRoutes().';
  if (status === 405 || status === 413 || status === 415)
    return 'Something before the application rejects the request: look at proxies and body parsers.';
  if (status < 400 && expected.includes(401))
    return 'The route serves anybody: is it really ours, or a page of the application?';
  return 'Look at the application’s log.';
}

/** A notification without records, so that nothing is handled, and with a text that is no resource (protocol §7.1). */
async function checkNotification(
  { name, webhooks }: Marketplace,
  http: MaestranoHttp,
  target: HttpTarget,
): Promise<Finding[]> {
  const path = webhooks.connec.notificationPath;
  const body = { version: '2.0', people: [] };
  const response = await call(http, target, { method: 'POST', path, body });
  const status = response instanceof MaestranoHttpError ? response.code : response.status;
  const what = `a notification of nothing to ${path}`;
  if (status === 200) return [ok('notification', name, `${what} is taken`)];
  const remedy =
    status === 401
      ? 'The application has another key, or does not get the Authorization header: look at proxies, and restart it.'
      : 'Look at the application’s log, and at what stands before its body parsers.';
  return [trouble('error', 'notification', name, `${what} is not taken (${status})`, remedy)];
}

async function checkMetadata(
  marketplace: Marketplace,
  http: MaestranoHttp,
  target: HttpTarget,
): Promise<Finding[]> {
  const { name, api, app } = marketplace;
  const [key] = api.keys;
  const path = `/maestrano/metadata/${encodeURIComponent(name)}`;
  const response = await call(http, target, { method: 'GET', path });
  if (response instanceof MaestranoHttpError || response.status !== 200) {
    const why = response instanceof MaestranoHttpError ? response.code : String(response.status);
    const remedy =
      'Old marketplaces poll it; newer ones do not. Switch it on with the routes extra, or ignore this.';
    return [trouble('warning', 'metadata', name, `${path} cannot be read (${why})`, remedy)];
  }
  const findings = [...differences(marketplace, response.json)].map(([field, theirs, ours]) =>
    trouble(
      'error',
      'metadata',
      name,
      `${field} is "${theirs}" in the application and "${ours}" in the configuration`,
      'Restart the application, or correct the developer platform.',
    ),
  );
  if (response.text.includes(key?.reveal() ?? '\0')) {
    findings.push(
      trouble(
        'error',
        'metadata',
        name,
        'the metadata holds the API key',
        'Whatever serves it is not this package.',
      ),
    );
  }
  return findings.length > 0
    ? findings
    : [ok('metadata', name, `${path} agrees with the configuration (${app.host})`)];
}

function* differences(marketplace: Marketplace, body: unknown): Iterable<[string, string, string]> {
  const { app, api, sso, webhooks } = marketplace;
  const expected: Record<string, string> = {
    marketplace: marketplace.name,
    'app.host': app.host,
    'api.id': api.id,
    'sso.init_path': sso.initPath,
    'sso.consume_path': sso.consumePath,
    'sso.idm': sso.idm,
    'webhooks.account.group_path': webhooks.account.groupPath,
    'webhooks.account.group_user_path': webhooks.account.groupUserPath,
    'webhooks.connec.notification_path': webhooks.connec.notificationPath,
  };
  for (const [field, ours] of Object.entries(expected)) {
    const found = field
      .split('.')
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], body);
    if (found !== ours) yield [field, typeof found === 'string' ? found : 'missing', ours];
  }
}

/** The running application as a stranger reaches it. */
export function applicationTarget(marketplace: Marketplace, base: string | null): HttpTarget {
  return {
    name: `application of ${marketplace.name}`,
    owner: marketplace,
    service: 'sso',
    origin: base ?? marketplace.app.host,
    credentials: null,
  };
}

/** Makes one request; a failure to reach the application is a result as well. */
export async function call(
  http: MaestranoHttp,
  target: HttpTarget,
  probe: Pick<Probe, 'method' | 'path' | 'body' | 'headers'>,
): Promise<HttpResponse | MaestranoHttpError> {
  const { method, path, body, headers = {} } = probe;
  const operation = `${method} doctor/application`;
  const request = { method, path, operation, headers, attempts: 1, timeoutMs: 10_000 };
  try {
    return await http.request(target, body === undefined ? request : { ...request, body });
  } catch (error) {
    if (error instanceof MaestranoHttpError) return error;
    throw error;
  }
}
