import { Injectable, RequestMethod } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';

/** The application's global prefix as it bears on our routes. */
@Injectable()
export class EffectivePath {
  constructor(private readonly config: ApplicationConfig) {}

  /** The global prefix as `/api`; empty when there is none. Known once the application is being initialised. */
  get globalPrefix(): string {
    const trimmed = this.config.getGlobalPrefix().replace(/^\/+|\/+$/g, '');
    return trimmed ? `/${trimmed}` : '';
  }

  /**
   * Where a template is really served. A template that already begins with the global prefix, or that the
   * application excluded from it, stays as it is; any other moves below the prefix.
   */
  of(template: string): string {
    const prefix = this.globalPrefix;
    if (!prefix || template.startsWith(`${prefix}/`) || this.#isExcluded(template)) return template;
    return prefix + template;
  }

  /** What to hand to Nest as the path of a template: the prefix comes back on by itself. */
  toMount(template: string): string {
    const prefix = this.globalPrefix;
    return prefix && template.startsWith(`${prefix}/`) ? template.slice(prefix.length) : template;
  }

  /** The URL below the global prefix, for templates configured without it; null when it lies outside. */
  withinPrefix(url: string): string | null {
    const prefix = this.globalPrefix;
    return prefix && url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : null;
  }

  #isExcluded(template: string): boolean {
    const path = template.split('?')[0] ?? template;
    const excluded = this.config.getGlobalPrefixOptions().exclude ?? [];
    return excluded.some(
      ({ pathRegex, requestMethod }) =>
        requestMethod === RequestMethod.ALL && (pathRegex.test(path) || pathRegex.test(path.slice(1))),
    );
  }
}
