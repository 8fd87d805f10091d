import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { checkLibraries, verifierLibraries } from '../../../src/cli/doctor/library.check.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const KIT = 'node_modules/nestjs-maestrano';
const SAML = 'node_modules/@node-saml/node-saml';
const CURRENT = {
  [KIT]: '0.1.0',
  [SAML]: '5.1.0',
  'node_modules/xml-crypto': '6.3.2',
  'node_modules/@xmldom/xmldom': '0.8.15',
};

let application: string;

/** Installs packages into the application: folder to version. */
function install(packages: Readonly<Record<string, string | undefined>>): void {
  for (const [folder, version] of Object.entries(packages)) {
    mkdirSync(join(application, folder), { recursive: true });
    writeFileSync(join(application, folder, 'index.js'), '');
    const [, name] = /.*node_modules\/(.+)$/.exec(folder) ?? [];
    writeFileSync(join(application, folder, 'package.json'), JSON.stringify({ name, version }));
  }
}

const old = (): string[] =>
  verifierLibraries([join(application, KIT)]).flatMap((library) =>
    library.old ? [`${library.name} ${library.version} < ${library.needed}`] : [],
  );

beforeEach(() => {
  application = realpathSync(mkdtempSync(join(tmpdir(), 'nestjs-maestrano-libraries-')));
});
afterEach(() => rmSync(application, { recursive: true }));

describe('the libraries that verify logins', () => {
  it('are new enough in this repository', () => {
    const libraries = verifierLibraries([ROOT]);
    expect(libraries.map(({ name }) => name)).toEqual([
      '@node-saml/node-saml',
      'xml-crypto',
      '@xmldom/xmldom',
    ]);
    expect(libraries.filter((library) => library.old)).toEqual([]);
  });

  it.each([
    ['xml-crypto', '6.3.1', 'xml-crypto 6.3.1 < 6.3.2'],
    ['xml-crypto', '5.9.9', 'xml-crypto 5.9.9 < 6.3.2'],
    ['@xmldom/xmldom', '0.8.9', '@xmldom/xmldom 0.8.9 < 0.8.15'],
    ['@node-saml/node-saml', '5.0.1', '@node-saml/node-saml 5.0.1 < 5.1.0'],
  ])('are old with %s %s', (name, version, expected) => {
    install({ ...CURRENT, [`node_modules/${name}`]: version });
    expect(old()).toEqual([expected]);
  });

  it.each(['6.3.2', '6.3.10', '6.10.0', '7.0.0', '6.3.2-rc.1', 'workspace'])(
    'are not old with xml-crypto %s',
    (version) => {
      install({ ...CURRENT, 'node_modules/xml-crypto': version });
      expect(old()).toEqual([]);
    },
  );

  it.each([
    [
      "xml-crypto within node-saml's folder",
      { [`${SAML}/node_modules/xml-crypto`]: '6.0.0' },
      ['xml-crypto 6.0.0 < 6.3.2'],
    ],
    [
      'a parser that only xml-crypto loads',
      { 'node_modules/xml-crypto/node_modules/@xmldom/xmldom': '0.8.10' },
      ['@xmldom/xmldom 0.8.10 < 0.8.15'],
    ],
    [
      "node-saml within the kit's folder",
      { [SAML]: '4.0.5', [`${KIT}/${SAML}`]: '5.1.0', [`${KIT}/node_modules/xml-crypto`]: '6.2.0' },
      ['xml-crypto 6.2.0 < 6.3.2'],
    ],
  ])('are those that are loaded: %s', (_, packages, expected) => {
    install({ ...CURRENT, ...packages });
    expect(old()).toEqual(expected);
  });

  it('are passed over where they cannot be found', () => {
    install({ [KIT]: '0.1.0' });
    expect(verifierLibraries([join(application, 'nowhere'), join(application, KIT)])).toEqual([]);
    expect(checkLibraries([])).toEqual([]);
  });

  it('are passed over where they do not say their version', () => {
    install({ ...CURRENT, 'node_modules/xml-crypto': undefined });
    writeFileSync(join(application, 'node_modules/@xmldom/xmldom/package.json'), '{');
    expect(verifierLibraries([join(application, KIT)]).map(({ name }) => name)).toEqual([
      '@node-saml/node-saml',
    ]);
  });
});

describe('old libraries', () => {
  it('are a finding of the doctor', () => {
    install({ ...CURRENT, 'node_modules/xml-crypto': '6.1.2' });
    expect(checkLibraries(verifierLibraries([join(application, KIT)]))).toEqual([
      {
        level: 'warning',
        subject: 'libraries',
        marketplace: null,
        message: 'SAML responses are verified with old libraries: xml-crypto 6.1.2 (needed: 6.3.2 or newer)',
        remedy: expect.stringContaining('npm update xml-crypto @xmldom/xmldom'),
      },
    ]);
  });
});
