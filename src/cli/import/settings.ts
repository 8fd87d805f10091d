import { canonicalParameter, snakeCase } from '../../marketplace/normaliser/parameter-names.js';
import type { Setting, Settings } from './evaluation/state.js';
import { type Value, valueOf } from './evaluation/values.js';

/** The entries of JSON, properties or XML as settings. */
export function settingsOf(plain: object): Settings {
  const value = valueOf(plain);
  const entries = value.kind === 'map' ? [...value.entries] : [];
  return new Map(entries.map(([name, child]) => [name, { value: child, line: null }]));
}

/**
 * Lays settings out flat, by canonical parameter name (protocol §1.7 steps 1, 2, 4 and 5). As in the SDKs, the last one
 * of a parameter counts; a canonical spelling wins over others.
 */
export function flattenSettings(settings: Settings): Map<string, Setting> {
  const flat = new Map<string, Setting>();
  const exact = new Set<string>();
  const add = (name: string, { value, line }: Setting): void => {
    if (value.kind === 'map') {
      for (const [key, child] of value.entries) add(`${name}.${snake(key)}`, { value: child, line });
      if (value.open) add(`${name}.…`, { value: { kind: 'unknown', line: line ?? 1 }, line });
      return;
    }
    const canonical = canonicalParameter(name);
    if (exact.has(canonical) && canonical !== name) return;
    if (canonical === name) exact.add(canonical);
    flat.set(canonical, { value, line });
  };
  for (const [name, setting] of settings) add(snake(name), setting);
  return flat;
}

function snake(name: string): string {
  return name.split('.').map(snakeCase).join('.');
}

/** Whether a value is null or a blank text, which counts as absent (protocol §1.7 step 7). */
export function isBlank(value: Value): boolean {
  if (value.kind !== 'constant') return false;
  return value.value === null || (typeof value.value === 'string' && value.value.trim() === '');
}
