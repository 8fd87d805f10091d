import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { ROOT } from './source-files.js';

/** Licences under which a dependency may come: all let a vendor use the package in a closed product. */
const LICENCES = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT'];

interface Component {
  readonly name: string;
  readonly version: string;
  readonly licenses?: readonly { readonly license: { readonly id?: string } }[];
  readonly hashes?: readonly unknown[];
}

describe('what comes with the package', () => {
  let document: {
    readonly bomFormat: string;
    readonly metadata: { readonly component: Component };
    readonly components: readonly Component[];
  };
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly dependencies: Readonly<Record<string, string>>;
  };

  beforeAll(() => {
    const text = execFileSync(process.execPath, [join(ROOT, 'tools/sbom.mjs')]).toString();
    document = JSON.parse(text) as typeof document;
  }, 60_000);

  it('is listed by `npm run sbom`, every dependency with version and checksum', () => {
    expect(document.bomFormat).toBe('CycloneDX');
    expect(document.metadata.component).toMatchObject({ name: manifest.name, version: manifest.version });
    const names = document.components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)));
    // Something that only a dependency needs.
    expect(names).toContain('follow-redirects');
    expect(names).not.toContain('jest');
    expect(document.components.filter(({ hashes = [] }) => hashes.length === 0)).toEqual([]);
  });

  it('has licences that a vendor can live with', () => {
    const licencesOf = ({ licenses = [] }: Component): string[] =>
      licenses.map(({ license }) => license.id ?? 'unknown');
    const foreign = document.components
      .filter((one) => licencesOf(one).length === 0 || licencesOf(one).some((id) => !LICENCES.includes(id)))
      .map((one) => `${one.name}@${one.version}: ${licencesOf(one).join(', ')}`);
    expect(foreign).toEqual([]);
  });
});
