import { DEFAULT_ROUTE_PREFIX } from '../../maestrano.constants.js';

/** Which of an application's routes are ours. */
export interface MaestranoRoutesOptions {
  /** The `routes.prefix` extra of the registration; `maestrano` by default. */
  readonly prefix?: string;
  /** Directories of configured paths that lie elsewhere, such as `sso`. */
  readonly directories?: readonly string[];
}

/**
 * Our routes as Nest's `exclude` options take them: for `app.setGlobalPrefix('api', { exclude })`, because marketplaces
 * know the paths without your prefix, and for `app.enableCsrfProtection({ exclude })`, because identity providers post
 * from an origin of their own.
 */
export function maestranoRoutes(options: MaestranoRoutesOptions = {}): string[] {
  const directories = [options.prefix ?? DEFAULT_ROUTE_PREFIX, ...(options.directories ?? [])];
  return directories.map((directory) => `${directory.replace(/^\/+|\/+$/g, '')}/{*path}`);
}
