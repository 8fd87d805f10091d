/** The address with these parameters behind those it has already; absent ones are left out. */
export function withQuery(
  url: string,
  parameters: Readonly<Record<string, string | null | undefined>>,
): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] != null);
  if (given.length === 0) return url;
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(given).toString()}`;
}
