import { describe, expect, it } from '@jest/globals';

import type { Marketplace } from '../../../src/interfaces/marketplace.interface.js';
import { type EndpointDefinition, EndpointHandler } from '../../../src/routing/endpoint.js';
import { conventionalMountPaths, mountPaths } from '../../../src/routing/mounting/mount-paths.js';
import { fillPathTemplate, parsePathTemplate } from '../../../src/routing/table/path-template.js';
import { RouteTable } from '../../../src/routing/table/route-table.js';

class Handler extends EndpointHandler {
  override handle(): Promise<void> {
    return Promise.resolve();
  }
}

interface Paths {
  readonly init?: string;
  readonly group?: string;
  readonly groupUser?: string;
}

/** A marketplace as far as routing looks at it. */
function marketplace(name: string, paths: Paths = {}): Marketplace {
  return { name, paths } as unknown as Marketplace;
}

const pathsOf = (m: Marketplace): Paths => (m as unknown as { paths: Paths }).paths;

const endpoints: EndpointDefinition[] = [
  {
    name: 'sso.init',
    group: 'sso',
    verbs: ['GET'],
    access: 'public',
    conventional: ['auth/saml/init', 'auth/saml/init/:marketplace'],
    configured: (m) => [pathsOf(m).init ?? null],
    handler: Handler,
  },
  {
    name: 'account.group',
    group: 'accountWebhooks',
    verbs: ['DELETE'],
    access: 'basic',
    conventional: ['account/groups/:id', 'account/groups/:id/:marketplace'],
    configured: (m) => [pathsOf(m).group ?? null],
    handler: Handler,
  },
  {
    name: 'account.groupUser',
    group: 'accountWebhooks',
    verbs: ['DELETE'],
    access: 'basic',
    conventional: ['account/groups/:group_id/users/:id', 'account/groups/:group_id/users/:id/:marketplace'],
    configured: (m) => [pathsOf(m).groupUser ?? null],
    handler: Handler,
  },
];

function tableOf(marketplaces: Marketplace[], defaultName?: string): RouteTable {
  const byName = new Map(marketplaces.map((m) => [m.name, m]));
  return new RouteTable(endpoints, 'maestrano', {
    marketplaces,
    find: (name) => byName.get(name) ?? null,
    default: () => byName.get(defaultName ?? '') ?? null,
  });
}

function found(table: RouteTable, verb: string, url: string) {
  const match = table.match(verb, url);
  if (!match) return null;
  const names = match.candidates === 'any' ? 'any' : match.candidates.map((m) => m.name);
  return { endpoint: match.endpoint.name, names, params: match.params };
}

describe('RouteTable', () => {
  const uat = marketplace('uat');

  it('finds the conventional layout with and without the marketplace', () => {
    const table = tableOf([uat], 'uat');
    expect(found(table, 'GET', '/maestrano/auth/saml/init/uat?group_id=cld-1')).toEqual({
      endpoint: 'sso.init',
      names: ['uat'],
      params: {},
    });
    expect(found(table, 'GET', '/maestrano/auth/saml/init')?.names).toEqual(['uat']);
    expect(found(table, 'DELETE', '/maestrano/account/groups/cld-1')).toEqual({
      endpoint: 'account.group',
      names: 'any',
      params: { id: 'cld-1' },
    });
    expect(found(table, 'DELETE', '/maestrano/account/groups/cld-1/uat')?.names).toEqual(['uat']);
  });

  it('tells the two DELETE routes apart by segment count, a marketplace called users included', () => {
    const table = tableOf([uat, marketplace('users')]);
    expect(found(table, 'DELETE', '/maestrano/account/groups/cld-1/users/usr-2/uat')).toEqual({
      endpoint: 'account.groupUser',
      names: ['uat'],
      params: { group_id: 'cld-1', id: 'usr-2' },
    });
    expect(found(table, 'DELETE', '/maestrano/account/groups/cld-1/users')).toEqual({
      endpoint: 'account.group',
      names: ['users'],
      params: { id: 'cld-1' },
    });
  });

  it('leaves no candidate for a marketplace nobody has, so that basic endpoints respond with 401', () => {
    expect(found(tableOf([uat]), 'DELETE', '/maestrano/account/groups/cld-1/other')?.names).toEqual([]);
  });

  it('routes by query where templates share a path', () => {
    const table = tableOf([
      marketplace('a', { init: '/maestrano/init/?marketplace=a', group: '/gone?groupid=:id&marketplace=a' }),
      marketplace('b', { init: '/maestrano/init/?marketplace=b', group: '/gone?groupid=:id&marketplace=b' }),
    ]);
    expect(found(table, 'GET', '/maestrano/init/?marketplace=b&x=1')?.names).toEqual(['b']);
    expect(found(table, 'GET', '/maestrano/init?marketplace=a')?.names).toEqual(['a']);
    expect(found(table, 'GET', '/maestrano/init/?marketplace=b?group_id=cld-1')?.names).toEqual(['b']);
    expect(found(table, 'GET', '/maestrano/init')).toBeNull();
    expect(found(table, 'DELETE', '/gone?marketplace=b&groupid=cld%2F9')).toEqual({
      endpoint: 'account.group',
      names: ['b'],
      params: { id: 'cld/9' },
    });
    expect(found(table, 'DELETE', '/gone?marketplace=b')).toBeNull();
  });

  it('prefers the template that asks for more of the query', () => {
    const table = tableOf([
      marketplace('any', { init: '/sso/in' }),
      marketplace('b', { init: '/sso/in?tenant=b' }),
    ]);
    expect(found(table, 'GET', '/sso/in?tenant=b')?.names).toEqual(['b']);
    expect(found(table, 'GET', '/sso/in?tenant=c')?.names).toEqual(['any']);
  });

  it('names every marketplace that shares a template: credentials decide', () => {
    const group = '/hooks/groups/:id';
    const table = tableOf([marketplace('a', { group }), marketplace('b', { group })]);
    expect(found(table, 'DELETE', '/hooks/groups/cld-1')?.names).toEqual(['a', 'b']);
  });

  it('keeps a configured path to its marketplace even where the convention would take anybody', () => {
    const table = tableOf([marketplace('a', { group: '/maestrano/account/groups/:id' }), marketplace('b')]);
    expect(found(table, 'DELETE', '/maestrano/account/groups/cld-1')?.names).toEqual(['a']);
  });

  it('takes placeholders no router takes, and decodes each segment once', () => {
    const table = tableOf([marketplace('a', { groupUser: '/x/:cld-uid/y/:id' })]);
    expect(found(table, 'DELETE', '/x/cld%2F1/y/usr%201')?.params).toEqual({
      'cld-uid': 'cld/1',
      id: 'usr 1',
    });
    expect(found(table, 'DELETE', '/x/%E0%A4%A/y/1')).toBeNull();
    expect(found(table, 'DELETE', '/x/__proto__/y/1')?.params).toEqual({ 'cld-uid': '__proto__', id: '1' });
  });

  it('matches no other verb', () => {
    expect(found(tableOf([uat], 'uat'), 'POST', '/maestrano/auth/saml/init/uat')).toBeNull();
  });

  it('falls back to a placeholder when the literal branch leads nowhere', () => {
    const table = tableOf([
      marketplace('a', { group: '/g/special/x' }),
      marketplace('b', { group: '/g/:id/y' }),
    ]);
    expect(found(table, 'DELETE', '/g/special/y')).toEqual({
      endpoint: 'account.group',
      names: ['b'],
      params: { id: 'special' },
    });
  });
});

describe('mountPaths', () => {
  it.each([
    ['/maestrano/account/groups/:id/uat', ['maestrano/account/groups/*path'], ['maestrano/account/groups/*']],
    ['/maestrano/auth/saml/init/uat', ['maestrano/auth/saml/init/*path'], ['maestrano/auth/saml/init/*']],
    ['/sso/init', ['sso/init'], ['sso/init']],
    ['/consume', ['consume'], ['consume']],
    [
      '/maestrano/init/?marketplace=x',
      ['maestrano/init', 'maestrano/init/'],
      ['maestrano/init', 'maestrano/init/'],
    ],
    ['/:id/hook', [':p0/hook'], [':p0/hook']],
    ['/a/b(c)/d', ['a/*path'], ['a/*']],
  ])('%s', (template, express, fastify) => {
    expect(mountPaths(parsePathTemplate(template), 'express')).toEqual(express);
    expect(mountPaths(parsePathTemplate(template), 'fastify')).toEqual(fastify);
  });

  it('mounts the exact conventional path and the directory of its placeholder', () => {
    const paths = ['/m/metadata', '/m/metadata/:marketplace'].flatMap((path) =>
      conventionalMountPaths(parsePathTemplate(path), 'fastify'),
    );
    expect(paths).toEqual(['m/metadata', 'm/metadata/*']);
  });

  it('mounts no wildcard right below the prefix', () => {
    const template = parsePathTemplate('/m/:marketplace/synchronizations/:cld-uid');
    expect(conventionalMountPaths(template, 'express')).toEqual(['m/:p1/synchronizations/:p3']);
  });
});

describe('fillPathTemplate', () => {
  it('encodes values and leaves unknown placeholders', () => {
    expect(fillPathTemplate('/g/:group_id/u/:id?x=:id', { group_id: 'cld/1', id: 'usr 1' })).toBe(
      '/g/cld%2F1/u/usr%201?x=usr%201',
    );
    expect(fillPathTemplate('/s/:cld-uid', {})).toBe('/s/:cld-uid');
  });
});
