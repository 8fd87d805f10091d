import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { ImportFolder } from '../../../support/imported-configuration.js';

const INTERFACES = join(process.cwd(), 'src/interfaces');
let folder: ImportFolder;

beforeEach(() => {
  folder = new ImportFolder();
});
afterEach(() => {
  folder.remove();
});

/** What the compiler says of the written module in an application that is as strict as can be. */
function diagnosticsOf(file: string): string[] {
  const program = ts.createProgram([file], {
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: ['node'],
    typeRoots: [join(process.cwd(), 'node_modules/@types')],
    paths: { 'nestjs-maestrano': [join(folder.path, 'package.ts')] },
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

describe('the written module', () => {
  it('compiles, whatever the source says', async () => {
    const source = `
      Maestrano.auto_configure(Settings.file)
      %w(one two).each do |name|
        Maestrano[name].configure do |config|
          config.environment = ENV['MNO_ENV'] || 'test'
          config.app.host = config.environment == 'production' ? "https://#{ENV['NAME']}.it's\`\\\\\${x}.example" : ENV['OTHER']
          config.api.id = name
          config.api.key = ENV['KEY'] || (config.environment == 'production' ? 'k1' : 'k2')
          config.sso.enabled = ENV['SSO'] == 'on' && !ENV.key?('OFF')
          config.sso.slo_enabled = Settings.slo
          config.sso.creation_mode = ENV['MODE'] == 'v' ? 'virtual' : 'real'
          config.sso.init_path = "/in/#{name}"
          config.sso.consume_path = Settings.path
          config.app.synchronization_start_path = "/s/#{ENV['S']}"
          config.connec.timeout = ENV['SLOW'] ? 120 : 60
          config.webhook.connec.subscriptions = { accounts: true, items: ENV['ITEMS'] == '1', people: Settings.people }
        end
      end`;
    const imported = await folder.run(['maestrano.rb'], {
      'maestrano.rb': source,
      'package.ts': ['marketplace-input', 'marketplace-options']
        .map((name) => `export * from '${INTERFACES}/${name}.interface.js';\n`)
        .join(''),
    });
    expect(imported.written('maestrano.config.ts')).toContain('open(');
    expect(diagnosticsOf(join(folder.path, 'maestrano.config.ts'))).toEqual([]);
  });
});
