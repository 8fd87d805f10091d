import { createRequire } from 'node:module';

import { describe, expect, it } from '@jest/globals';

import {
  integration,
  type IntegrationRule,
  type SchematicLog,
} from '../../../src/cli/schematics/integration-schematic.js';

type Devkit = typeof import('@angular-devkit/schematics');
const { HostTree } = createRequire(import.meta.url)('@angular-devkit/schematics') as Devkit;

const APP = `import { Module } from '@nestjs/common';

@Module({ imports: [] })
export class AppModule {}
`;

function treeOf(files: Readonly<Record<string, string>>): InstanceType<Devkit['HostTree']> {
  const tree = new HostTree();
  for (const [path, text] of Object.entries(files)) tree.create(path, text);
  return tree;
}

function log(): SchematicLog & { readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, logger: { info: (message) => void lines.push(message) } };
}

describe('the schematics', () => {
  it('are rules of the devkit', () => {
    const rule: IntegrationRule = integration({});
    // Compiles only while the devkit's own tree and context are what the rule takes.
    const asDevkit = rule satisfies (
      tree: import('@angular-devkit/schematics').Tree,
      context: import('@angular-devkit/schematics').SchematicContext,
    ) => void;
    expect(asDevkit).toBe(rule);
  });

  it('write the integration into the tree, and tell what is left', () => {
    const tree = treeOf({
      'package.json': '{}',
      'src/app.module.ts': APP,
      'src/main.ts': "app.setGlobalPrefix('api');\n",
    });
    const { lines, logger } = log();
    integration({ sourceRoot: 'src' })(tree, { logger });
    expect(tree.readText('src/app.module.ts')).toContain('imports: [MaestranoIntegrationModule]');
    expect(tree.readText('src/maestrano/user.adapter.ts')).toContain('class UserAdapter');
    expect(lines.join('')).toMatch(/setGlobalPrefix[\s\S]*Next: set MNO_DEVPL_ENV_KEY/);
  });

  it('work in a project of a monorepo, keep what is there, and take options', () => {
    const tree = treeOf({
      'package.json': '{"type":"module"}',
      'apps/shop/src/app.module.ts': APP,
      'apps/shop/src/mno/user.adapter.ts': '// mine',
    });
    integration({ sourceRoot: 'apps/shop/src', directory: 'apps/shop/src/mno', session: 'passport' })(
      tree,
      log(),
    );
    expect(tree.readText('apps/shop/src/mno/user.adapter.ts')).toBe('// mine');
    expect(tree.readText('apps/shop/src/mno/session.adapter.ts')).toContain("from './user.adapter.js'");
    expect(tree.readText('apps/shop/src/app.module.ts')).toContain(
      "from './mno/maestrano-integration.module.js'",
    );
  });

  it('change nothing where the module cannot be wired', () => {
    const tree = treeOf({ 'package.json': '{}', 'src/app.module.ts': '@Module({ ...base })\nclass M {}\n' });
    expect(() => integration({})(tree, log())).toThrow(/Nothing was written/);
    expect(tree.exists('src/maestrano/user.adapter.ts')).toBe(false);
  });
});
