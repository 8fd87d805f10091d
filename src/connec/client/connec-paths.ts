import { ConnecError } from '../../errors/connec.error.js';

/** Longest identifier or resource name that is sent; real ones are under 100 characters. */
const MAX_SEGMENT_LENGTH = 512;

/**
 * One segment of a path, encoded. Empty ones and dots are refused, because a URL parser would remove them and the
 * request would leave its group (protocol §9.1).
 *
 * @throws ConnecError `connec.argument`
 */
export function pathSegment(value: string, what: string): string {
  const trouble =
    typeof value !== 'string' || value === ''
      ? 'is empty'
      : value === '.' || value === '..'
        ? 'consists of dots'
        : value.length > MAX_SEGMENT_LENGTH
          ? `is longer than ${MAX_SEGMENT_LENGTH} characters`
          : null;
  if (trouble) {
    throw new ConnecError(`The ${what} ${trouble}.`, {
      code: 'connec.argument',
      remedy: `Pass the ${what} as the platform gave it.`,
    });
  }
  return encodeURIComponent(Buffer.from(value).toString());
}

/**
 * A relative path as free text, such as `events/e1/tickets`: slashes around it are dropped, every segment is encoded
 * on its own.
 *
 * @throws ConnecError `connec.argument`
 */
export function relativePath(path: string | readonly string[]): string {
  const segments = typeof path === 'string' ? path.replace(/^\/+|\/+$/g, '').split('/') : path;
  return segments.map((segment) => pathSegment(segment, 'path segment')).join('/');
}
