import type { PathTemplate } from '../table/path-template.js';

/** The HTTP adapter whose router is meant: each writes wildcards in its own way. */
export type HttpAdapterKind = 'express' | 'fastify';

const PLAIN_SEGMENT = /^[A-Za-z0-9._~-]+$/;

/**
 * The paths to hand to the router for a template. The router only brings requests near; the route table decides
 * (see `RouteMounter` for why).
 *
 * - `/maestrano/account/groups/:id/uat` → everything below `maestrano/account/groups`, so that one route serves any
 *   number of marketplaces, also those a refresh brings.
 * - `/maestrano/auth/saml/init/uat` → everything below `maestrano/auth/saml/init`.
 * - `/init` or `/sso/init` → exactly that: a wildcard on so short a directory would shadow the application's own.
 */
export function mountPaths(template: PathTemplate, adapter: HttpAdapterKind): string[] {
  const firstPlaceholder = template.segments.indexOf(null);
  const literals = template.segments.slice(0, firstPlaceholder < 0 ? undefined : firstPlaceholder);
  if (!literals.every((segment) => segment !== null && PLAIN_SEGMENT.test(segment))) {
    return wildcard(plainPrefix(literals), adapter);
  }
  if (firstPlaceholder >= 0) {
    return literals.length > 0 ? wildcard(literals, adapter) : [anonymised(template)];
  }
  const parent = literals.slice(0, -1);
  if (parent.length >= 2) return wildcard(parent, adapter);
  const exact = literals.join('/');
  return template.trailingSlash ? [exact, `${exact}/`] : [exact];
}

/** The exact path of a conventional template, or the directory its placeholder begins in. */
export function conventionalMountPaths(template: PathTemplate, adapter: HttpAdapterKind): string[] {
  const firstPlaceholder = template.segments.indexOf(null);
  if (firstPlaceholder < 0) return [template.segments.join('/')];
  // A wildcard right below the prefix would shadow whatever else the application serves there.
  if (firstPlaceholder === 1) return [anonymised(template)];
  return wildcard(template.segments.slice(0, firstPlaceholder), adapter);
}

function wildcard(directory: readonly (string | null)[], adapter: HttpAdapterKind): string[] {
  if (directory.length === 0) return [];
  return [`${directory.join('/')}/${adapter === 'fastify' ? '*' : '*path'}`];
}

/** A router would read `*` or `(` in a literal as syntax: stop before it. */
function plainPrefix(literals: readonly (string | null)[]): (string | null)[] {
  const odd = literals.findIndex((segment) => segment === null || !PLAIN_SEGMENT.test(segment));
  return literals.slice(0, odd);
}

/** A template without any literal directory, with placeholder names that every router takes. */
function anonymised(template: PathTemplate): string {
  return template.segments.map((segment, index) => segment ?? `:p${index}`).join('/');
}
