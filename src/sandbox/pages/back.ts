import type { Tone } from '../../views/parts.js';

/** Where a form's response sends the browser: the page again, with what was done. */
export interface Back {
  readonly url: string;
  readonly statusCode: 303;
}

/** 303 to a page of the sandbox, which shows the notice. */
export function back(path: string, done: string, tone: Tone = 'good'): Back {
  const separator = path.includes('?') ? '&' : '?';
  const look = tone === 'good' ? '' : `&tone=${tone}`;
  return { url: `${path}${separator}done=${encodeURIComponent(done)}${look}`, statusCode: 303 };
}

/** Path and query, without the parameters that are empty or null. */
export function link(path: string, parameters: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) query.set(name, value);
  return query.size > 0 ? `${path}?${query.toString()}` : path;
}
