import { createHash } from 'node:crypto';

import { SCRIPT } from './script.js';
import { STYLESHEET } from './stylesheet.js';

/** A file that pages load from their own origin. */
export interface PageAsset {
  readonly contentType: string;
  readonly body: string;
}

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28"><rect width="28" height="28" rx="8" fill="#3f3ac9"/><path d="M7 19V9.5l7 6 7-6V19" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

/** The files by name. A site serves them at `/assets/:name`. */
export const PAGE_ASSETS: ReadonlyMap<string, PageAsset> = new Map([
  ['pages.css', { contentType: 'text/css; charset=utf-8', body: STYLESHEET }],
  ['pages.js', { contentType: 'text/javascript; charset=utf-8', body: SCRIPT }],
  ['icon.svg', { contentType: 'image/svg+xml', body: ICON }],
]);

/**
 * The address of a file, with what changes when the file does: it may be cached for good.
 *
 * @param base the path that the site is mounted at, without trailing slash.
 */
export function assetPath(name: 'pages.css' | 'pages.js' | 'icon.svg', base = ''): string {
  const body = PAGE_ASSETS.get(name)?.body ?? '';
  return `${base}/assets/${name}?v=${createHash('sha256').update(body).digest('hex').slice(0, 12)}`;
}
