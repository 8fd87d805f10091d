/** Where a form's response sends the browser: the page again, with what was done. */
export interface Back {
  readonly url: string;
  readonly statusCode: 303;
}

/** 303 to a page, which shows the notice. */
export function back(path: string, done: string): Back {
  const separator = path.includes('?') ? '&' : '?';
  return { url: `${path}${separator}done=${encodeURIComponent(done)}`, statusCode: 303 };
}
