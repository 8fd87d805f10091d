/** `code` of an error of Node.js, such as `ENOENT`; null when there is none. Looks at the shape, not at the class. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
