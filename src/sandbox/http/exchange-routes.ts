/** The parts of the sandbox that exchanges belong to. */
export type SandboxPart = 'platform' | 'idp' | 'account' | 'connec' | 'openid' | 'webhooks';

/** What a path means. */
export interface ExchangeRoute {
  readonly part: SandboxPart;
  /** Template without base and ids: `account/bills/:id`, `connec/people`, `auth/saml/:uid`. */
  readonly template: string;
  /** The customer company in the path, if there is one. */
  readonly group: string | null;
}

const FIXED: readonly (readonly [RegExp, SandboxPart, string])[] = [
  [/^\/api\/config\/v1\/marketplaces(?:\/marketplaces)?\/?$/, 'platform', 'config/marketplaces'],
  [/^\/api\/v1\/auth\/saml\/?$/, 'idp', 'auth/saml'],
  [/^\/api\/v1\/auth\/saml\/[^/]+$/, 'idp', 'auth/saml/:uid'],
  [/^\/app_logout$/, 'idp', 'app_logout'],
  [/^\/app_access_unauthorized$/, 'idp', 'app_access_unauthorized'],
  [/^\/api\/v1\/ping$/, 'account', 'ping'],
  [/^\/version$/, 'connec', 'version'],
  [/^(?:\/connec)?\/batch\/?$/, 'connec', 'batch'],
];

const ACCOUNT =
  /^\/api\/v1\/account\/(bills|recurring_bills|groups|users|resellers)(?:\/([^/]+)(\/groups)?)?\/?$/;
const OPENID = /^\/api\/openid\/provider\/[^/]+(\/users\/[^/]+)?$/;
const REPORT = /^\/api\/reports\/([^/]+)\/([^/]+)$/;
const CONNEC = /^(?:\/connec)?\/api\/v2\/([^/]+)(?:\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?)?\/?$/;

/** Words that stand where an id does. */
const CONNEC_WORDS = new Set(['example']);

function connecRoute([, group, resource, id, action]: RegExpExecArray): ExchangeRoute {
  if (group === 'json_schema')
    return { part: 'connec', template: 'connec/json_schema/:resource', group: null };
  const tail = id === undefined ? '' : CONNEC_WORDS.has(id) ? `/${id}` : `/:id${action ? `/${action}` : ''}`;
  return { part: 'connec', template: `connec${resource ? `/${resource}` : ''}${tail}`, group: group ?? null };
}

/** What a path of the sandbox's interfaces means; null for its pages and everything else. */
export function exchangeRoute(path: string): ExchangeRoute | null {
  for (const [pattern, part, template] of FIXED) {
    if (pattern.test(path)) return { part, template, group: null };
  }
  const account = ACCOUNT.exec(path);
  if (account) {
    const [, collection, id, groups] = account;
    const tail = id === undefined ? '' : id === 'authenticate' ? '/authenticate' : `/:id${groups ?? ''}`;
    return { part: 'account', template: `account/${collection}${tail}`, group: null };
  }
  const openid = OPENID.exec(path);
  if (openid)
    return { part: 'openid', template: `openid/provider${openid[1] ? '/users/:uid' : ''}`, group: null };
  const report = REPORT.exec(path);
  if (report) return { part: 'connec', template: `reports/${report[2]}`, group: report[1] ?? null };
  const connec = CONNEC.exec(path);
  return connec ? connecRoute(connec) : null;
}
