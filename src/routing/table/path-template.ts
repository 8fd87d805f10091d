/** A configured path taken apart: `/groups/:id/uat?marketplace=uat` (protocol §1.6). */
export interface PathTemplate {
  /** As configured. */
  readonly source: string;
  /** Decoded literals; null stands for a placeholder. */
  readonly segments: readonly (string | null)[];
  /** Names of the placeholders in the path, in order; odd ones such as `cld-uid` included. */
  readonly paramNames: readonly string[];
  /** Query parameters that must be there with this value. */
  readonly queryLiterals: readonly (readonly [name: string, value: string])[];
  /** Query parameters whose value is a placeholder: query name and placeholder name. */
  readonly queryParams: readonly (readonly [name: string, param: string])[];
  readonly trailingSlash: boolean;
}

/** Parsed here and never handed to a router: real templates hold queries and names no router takes. */
export function parsePathTemplate(source: string): PathTemplate {
  const mark = source.indexOf('?');
  const path = mark < 0 ? source : source.slice(0, mark);
  const segments: (string | null)[] = [];
  const paramNames: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '') continue;
    if (segment.length > 1 && segment.startsWith(':')) {
      segments.push(null);
      paramNames.push(segment.slice(1));
    } else {
      segments.push(decodeSegment(segment) ?? segment);
    }
  }
  const queryLiterals: [string, string][] = [];
  const queryParams: [string, string][] = [];
  for (const [name, value] of new URLSearchParams(mark < 0 ? '' : source.slice(mark + 1))) {
    if (value.length > 1 && value.startsWith(':')) queryParams.push([name, value.slice(1)]);
    else queryLiterals.push([name, value]);
  }
  return {
    source,
    segments,
    paramNames,
    queryLiterals,
    queryParams,
    trailingSlash: path.length > 1 && path.endsWith('/'),
  };
}

/** Percent-decodes one segment; null when it is malformed. */
export function decodeSegment(segment: string): string | null {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** Fills the placeholders of a template, each value percent-encoded; for our own calls and for tests. */
export function fillPathTemplate(source: string, params: Readonly<Record<string, string>>): string {
  return source.replace(/(^|[/=]):([^/?&=]+)/g, (whole, before: string, name: string) => {
    const value = params[name];
    return value === undefined ? whole : before + encodeURIComponent(value);
  });
}
