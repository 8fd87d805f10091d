import type { MarketplaceChange, MarketplaceEvent } from '../interfaces/marketplace-events.interface.js';
import type { JsonObject } from '../interfaces/marketplace-input.interface.js';
import type { Marketplace } from '../interfaces/marketplace.interface.js';
import { REDACTED } from '../utils/secret.js';
import { isRecord } from '../utils/values.js';
import { serialiseMarketplace } from './marketplace-serialiser.js';

/** The events between two snapshots of one marketplace; none when nothing that matters changed. */
export function describeChange(before: Marketplace, after: Marketplace, version: number): MarketplaceEvent[] {
  if (before.revision === after.revision) return [];
  const changes = differences(before, after);
  const changed = new Set(changes.map(({ key }) => key));
  const events: MarketplaceEvent[] = [{ type: 'changed', marketplace: after, version, changes }];
  if (changed.has('api.id') || changed.has('api.key')) {
    events.push({ type: 'credentialsRotated', marketplace: after, version });
  }
  if (changed.has('sso.x509_certificate') || changed.has('sso.x509_fingerprint')) {
    events.push({ type: 'certificateRotated', marketplace: after, version });
  }
  return events;
}

function differences(before: Marketplace, after: Marketplace): MarketplaceChange[] {
  const old = leaves(before);
  const current = leaves(after);
  const changes: MarketplaceChange[] = [];
  for (const key of new Set([...old.keys(), ...current.keys()])) {
    const change = { key, before: old.get(key) ?? null, after: current.get(key) ?? null };
    if (change.before !== change.after) changes.push(change);
  }
  if (!sameKeys(before, after)) {
    changes.push({ key: 'api.key', before: keyCount(before), after: keyCount(after) });
  }
  return changes;
}

/** Every parameter as text by canonical name, without keys, and fingerprints in place of certificates. */
function leaves(marketplace: Marketplace): Map<string, string> {
  const found = new Map<string, string>();
  collect(serialiseMarketplace(marketplace), '', found);
  found.delete('api.key');
  const digests = marketplace.sso.certificates.map(({ sha256 }) => sha256);
  found.set('sso.x509_certificate', digests.join(', '));
  return found;
}

function collect(section: JsonObject, prefix: string, found: Map<string, string>): void {
  for (const [name, value] of Object.entries(section)) {
    if (Array.isArray(value)) found.set(prefix + name, value.join(', '));
    else if (isRecord(value)) collect(value, `${prefix}${name}.`, found);
    else if (typeof value === 'string') found.set(prefix + name, value);
    else if (value !== null) found.set(prefix + name, JSON.stringify(value));
  }
}

function sameKeys(before: Marketplace, after: Marketplace): boolean {
  const { keys } = after.api;
  return (
    before.api.keys.length === keys.length && before.api.keys.every((key, index) => keys[index]?.equals(key))
  );
}

function keyCount({ api }: Marketplace): string {
  return api.keys.map(() => REDACTED).join(', ');
}
