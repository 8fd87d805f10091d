import { canonicalParameter } from './parameter-names.js';

/** Deeper nesting and more values than any configuration has are left out unread. */
const MAX_DEPTH = 8;
const MAX_LEAVES = 1_000;

/**
 * Lays one entry out flat, by canonical parameter name: nested or dotted, snake_case, camelCase or PascalCase, in
 * both generations' names (protocol §1.7 steps 1, 2, 4 and 5). Nulls and blank texts count as absent. A canonical
 * spelling wins over any other of the same parameter.
 */
export function flattenParameters(entry: object): Map<string, unknown> {
  const leaves: [string, unknown][] = [];
  collect(entry, '', 0, leaves);
  const parameters = new Map<string, unknown>();
  const exact = new Set<string>();
  for (const [name, value] of leaves) {
    const canonical = canonicalParameter(name);
    if (exact.has(canonical) && canonical !== name) continue;
    if (canonical === name) exact.add(canonical);
    parameters.set(canonical, value);
  }
  return parameters;
}

function collect(value: object, prefix: string, depth: number, leaves: [string, unknown][]): void {
  if (depth >= MAX_DEPTH) return;
  for (const [key, child] of Object.entries(value) as [string, unknown][]) {
    if (leaves.length >= MAX_LEAVES) return;
    const name = prefix + key.split('.').map(snakeCase).join('.');
    if (child === null || child === undefined || (typeof child === 'string' && child.trim() === '')) continue;
    if (isSection(child)) collect(child, `${name}.`, depth + 1, leaves);
    else leaves.push([name, child]);
  }
}

/** An object that holds further parameters. */
function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `initPath`, `InitPath` and `init-path` are `init_path`; `x509Fingerprint` is `x509_fingerprint`. */
export function snakeCase(key: string): string {
  return key
    .trim()
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/-/g, '_')
    .toLowerCase();
}
