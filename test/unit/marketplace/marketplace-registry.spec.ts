import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { MaestranoConfigurationError } from '../../../src/errors/configuration.error.js';
import { MaestranoUnknownMarketplaceError } from '../../../src/errors/unknown-marketplace.error.js';
import type { MarketplaceEvent } from '../../../src/interfaces/marketplace-events.interface.js';
import { normaliseMarketplaces } from '../../../src/marketplace/marketplace-normaliser.js';
import { MarketplaceRegistry } from '../../../src/marketplace/marketplace-registry.js';
import { CERTIFICATE_B, CERTIFICATE_C } from '../../../src/marketplace/normaliser/environment-presets.js';

interface Difference {
  id?: string;
  key?: string | string[];
  certificate?: string;
  nid?: string;
}

function entry(name: string, { id = `app-${name}`, key = `key-${name}`, certificate, nid }: Difference = {}) {
  return {
    marketplace: name,
    environment: 'uat',
    nid,
    app: { host: 'https://my-app.example.com' },
    api: { id, key },
    sso: { x509_certificate: certificate },
  };
}

function marketplaces(...entries: object[]) {
  return normaliseMarketplaces(entries).marketplaces;
}

function registryOf(...entries: object[]): MarketplaceRegistry {
  const registry = new MarketplaceRegistry();
  registry.replace(marketplaces(...entries));
  return registry;
}

function recorded(registry: MarketplaceRegistry): MarketplaceEvent[] {
  const events: MarketplaceEvent[] = [];
  registry.events.subscribe((event) => events.push(event));
  return events;
}

describe('looking up', () => {
  it('by name gives the marketplace, or an error that names those there are', () => {
    const registry = registryOf(entry('a'), entry('b'));
    expect(registry.get('a').name).toBe('a');
    expect(registry.has('b')).toBe(true);
    expect(registry.has('c')).toBe(false);
    expect(registry.find('c')).toBeNull();
    expect(registry.list().map(({ name }) => name)).toEqual(['a', 'b']);
    expect(() => registry.get('c')).toThrow(MaestranoUnknownMarketplaceError);
    expect(() => registry.get('c')).toThrow('There is no marketplace "c". Configured: a, b.');
    expect(registry.find('__proto__')).toBeNull();
  });

  it('the default gives the configured or the only one, or an error that says what to do', () => {
    expect(registryOf(entry('a')).default().name).toBe('a');
    const several = registryOf(entry('a'), entry('b'));
    expect(() => several.default()).toThrow(MaestranoConfigurationError);
    expect(() => several.default()).toThrow('set the defaultMarketplace option');
    expect(several.findDefault()).toBeNull();
    const configured = new MarketplaceRegistry('b');
    expect(() => configured.default()).toThrow(MaestranoUnknownMarketplaceError);
    configured.replace(marketplaces(entry('a'), entry('b')));
    expect(configured.default().name).toBe('b');
    expect(configured.findDefault()?.name).toBe('b');
  });

  it('resolves a name, a snapshot, or nothing, also for what outlives a change', () => {
    const registry = registryOf(entry('a'));
    const [before] = registry.list();
    expect(registry.resolve('a')).toBe(before);
    expect(registry.resolve()).toBe(before);
    expect(() => registry.resolver('c')).toThrow(MaestranoUnknownMarketplaceError);
    const [named, kept] = [registry.resolver('a'), registry.resolver(before)];
    registry.replace(registryOf(entry('a', { key: 'rotated' })).list());
    expect(named()).toBe(registry.get('a'));
    expect(named()).not.toBe(before);
    expect(kept()).toBe(before);
  });

  it('by credentials takes every key of the one marketplace that has both', () => {
    const registry = registryOf(
      entry('a', { key: ['new', 'old'] }),
      entry('b', { key: 'other:with:colons' }),
    );
    const find = (id: string, key: string) => registry.findByCredentials(id, key)?.name ?? null;
    expect(find('app-a', 'new')).toBe('a');
    expect(find('app-a', 'old')).toBe('a');
    expect(find('app-b', 'other:with:colons')).toBe('b');
    expect(find('app-a', 'other:with:colons')).toBeNull();
    expect(find('app-b', 'new')).toBeNull();
    expect(find('', '')).toBeNull();
    expect(find('app-a', '')).toBeNull();
    expect(find('app-', 'anew')).toBeNull();
    expect(registry.hasCredentials(registry.get('a'), 'app-a', 'old')).toBe(true);
    expect(registry.hasCredentials(registry.get('a'), 'app-b', 'other:with:colons')).toBe(false);
  });

  it('by credentials that two marketplaces have decides for none', () => {
    const registry = registryOf(entry('a', { id: 'app', key: 'k' }), entry('b', { id: 'app', key: 'k' }));
    expect(registry.findByCredentials('app', 'k')).toBeNull();
    expect(registry.allByCredentials('app', 'k').map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

describe('replacing', () => {
  it('reports what was added, removed, changed and rotated, without a secret', () => {
    const registry = registryOf(entry('gone'), entry('a', { key: 'first-secret', nid: 'x' }));
    const events = recorded(registry);
    registry.replace(
      marketplaces(
        entry('a', { key: ['second-secret', 'first-secret'], certificate: CERTIFICATE_C, nid: 'y' }),
        entry('new'),
      ),
    );
    expect(events.map(({ type, marketplace }) => `${type} ${marketplace.name}`)).toEqual([
      'changed a',
      'credentialsRotated a',
      'certificateRotated a',
      'added new',
      'removed gone',
    ]);
    expect(events[0]).toMatchObject({
      version: 2,
      changes: [
        { key: 'nid', before: 'x', after: 'y' },
        {
          key: 'sso.x509_certificate',
          before: expect.stringMatching(/^6f19/),
          after: expect.stringMatching(/^455f/),
        },
        { key: 'api.key', before: '[secret]', after: '[secret], [secret]' },
      ],
    });
    expect(JSON.stringify(events) + inspect(events, { depth: 20 })).not.toMatch(/(first|second)-secret/);
  });

  it('keeps snapshots that did not change, and those in use', () => {
    const registry = registryOf(entry('a'), entry('b', { certificate: CERTIFICATE_B }));
    const before = registry.snapshot;
    const events = recorded(registry);
    expect(registry.replace(marketplaces(entry('a'), entry('b', { certificate: CERTIFICATE_B })))).toBe(
      before,
    );
    const [a, b] = registry.list();
    registry.replace(marketplaces(entry('a'), entry('b', { key: 'changed' })));
    expect(registry.get('a')).toBe(a);
    expect(registry.get('b')).not.toBe(b);
    expect(b!.api.keys[0]!.reveal()).toBe('key-b');
    expect(before.marketplaces.get('b')).toBe(b);
    expect(registry.findByCredentials('app-b', 'key-b')).toBeNull();
    expect(registry.snapshot.version).toBe(2);
    expect(events.map(({ type }) => type)).toEqual(['changed', 'credentialsRotated']);
  });
});
