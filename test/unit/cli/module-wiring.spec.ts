import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

import { wireModule } from '../../../src/cli/generate/module-wiring.js';

const wire = (source: string, className: string | null = null): string =>
  wireModule(ts, source, { name: 'X', specifier: './x', className });

const APP = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`;

describe('wireModule', () => {
  it.each([
    ['@Module({})', '@Module({\n  imports: [X],\n})'],
    ['@Module({ controllers: [] })', '@Module({ imports: [X], controllers: [] })'],
    ['@Module({ /* none */ })', '@Module({\n  imports: [X],\n /* none */ })'],
    ['@Module({\n    controllers: [],\n})', '@Module({\n    imports: [X],\n    controllers: [],\n})'],
    ['@Module({ imports: [A, B] })', '@Module({ imports: [X, A, B] })'],
    ['@Module({ imports: [ A ] })', '@Module({ imports: [ X, A ] })'],
    ['@Module({ imports: [/* A */] })', '@Module({ imports: [X/* A */] })'],
    [
      '@Module({\n  imports: [\n    A.forRoot({ imports: [] }),\n  ],\n})',
      '@Module({\n  imports: [\n    X,\n    A.forRoot({ imports: [] }),\n  ],\n})',
    ],
    [
      '@Module({\n  imports: [ // core\n    A,\n  ],\n})',
      '@Module({\n  imports: [\n    X, // core\n    A,\n  ],\n})',
    ],
    [
      '@Module({ providers: [{ imports: [] }], imports: [A] })',
      '@Module({ providers: [{ imports: [] }], imports: [X, A] })',
    ],
    [
      "// @Module({ imports: [] })\n@Module({ a: 'imports: [', imports: [ ] })",
      "// @Module({ imports: [] })\n@Module({ a: 'imports: [', imports: [X] })",
    ],
    ["@Module({ 'imports': [A] })", "@Module({ 'imports': [X, A] })"],
    ["@Module({ ['imports']: [A] })", "@Module({ ['imports']: [X, A] })"],
    ['@Module({ imports })', '@Module({ imports: [X, ...imports] })'],
    ['@Module({ imports: MODULES })', '@Module({ imports: [X, ...MODULES] })'],
    ['@Module({ imports: modules() })', '@Module({ imports: [X, ...modules()] })'],
    ['@Module({ imports: live ? [A] : [B] })', '@Module({ imports: [X, ...(live ? [A] : [B])] })'],
    ['@Module({ imports: [A] as Imports })', '@Module({ imports: [X, A] as Imports })'],
    [
      '@Module(/* root */ { imports: [A] /* all */ } /* end */)',
      '@Module(/* root */ { imports: [X, A] /* all */ } /* end */)',
    ],
    ['@Global() // first\n@Module({ imports: [A] })', '@Global() // first\n@Module({ imports: [X, A] })'],
    [
      '@Module({ ...base, imports: [...base.imports, A] })',
      '@Module({ ...base, imports: [X, ...base.imports, A] })',
    ],
    ['@Module({ imports: [...CORE, A] })', '@Module({ imports: [X, ...CORE, A] })'],
  ])('%j', (before, after) => {
    expect(wire(`${before}\nclass AppModule {}\n`)).toBe(
      `import { X } from './x';\n${after}\nclass AppModule {}\n`,
    );
  });

  it('takes the class that is named, of several in a file', () => {
    const source = `@Module({ imports: [A] })\nclass FirstModule {}\n@Module({ imports: [B] })\nclass AppModule {}\n`;
    expect(wire(source, 'AppModule')).toContain(
      '@Module({ imports: [A] })\nclass FirstModule {}\n@Module({ imports: [X, B] })',
    );
    expect(() => wire(source)).toThrow(/several modules: FirstModule, AppModule\. .*--class/);
    expect(() => wire(source, 'OtherModule')).toThrow(/no @Module\(\) of a class OtherModule/);
  });

  it('knows the decorator under another name, and no other by its name', () => {
    const renamed = `import { Module as NestModule } from '@nestjs/common';\n@NestModule({ imports: [A] })\nclass M {}\n`;
    expect(wire(renamed)).toContain('@NestModule({ imports: [X, A] })');
    const namespace = `import * as nest from '@nestjs/common';\n@nest.Module({ imports: [A] })\nclass M {}\n`;
    expect(wire(namespace)).toContain('@nest.Module({ imports: [X, A] })');
    const other = `import { Module } from 'vuex-module-decorators';\n@Module({ imports: [A] })\nclass M {}\n`;
    expect(() => wire(other)).toThrow(/no @Module\(\)/);
  });

  it('changes metadata that is a constant of the file', () => {
    const source = `const metadata = { imports: [A] } satisfies ModuleMetadata;\n@Module(metadata)\nclass M {}\n`;
    expect(wire(source)).toContain('const metadata = { imports: [X, A] } satisfies');
  });

  it('changes a dynamic module at its decorator', () => {
    const source = `@Module({})\nexport class M {\n  static forRoot() {\n    return { module: M, imports: [A] };\n  }\n}\n`;
    expect(wire(source)).toContain('@Module({\n  imports: [X],\n})');
    expect(wire(source)).toContain('return { module: M, imports: [A] };');
  });

  it.each([
    ['metadata from elsewhere', '@Module(metadata)\nclass M {}', /not written down in the file/],
    ['no metadata', '@Module()\nclass M {}', /not written down in the file/],
    ['a spread without imports', '@Module({ ...base })\nclass M {}', /spread into/],
    ['a spread after imports', '@Module({ imports: [A], ...base })\nclass M {}', /spread into/],
    ['imports twice', '@Module({ imports: [A], imports: [B] })\nclass M {}', /compiler says|twice/],
    ['a getter', '@Module({ get imports() { return []; } })\nclass M {}', /no property/],
    ['no module', 'class M {}', /no @Module\(\)/],
    ['a composed decorator', '@AppModuleOf([A])\nclass M {}', /no @Module\(\)/],
    ['broken code', '@Module({ imports: [ )\nclass M {}', /The compiler says/],
    [
      'a name that is taken',
      "import { X } from './other';\n@Module({ imports: [] })\nclass M {}",
      /another X already/,
    ],
    [
      'its own registration',
      "import { MaestranoModule } from 'nestjs-maestrano';\n@Module({ imports: [MaestranoModule.forRoot({})] })\nclass M {}",
      /registers MaestranoModule itself/,
    ],
  ])('rejects %s, and says what to do', (_name, source, message) => {
    expect(() => wire(source)).toThrow(message);
    expect(() => wire(source)).toThrow(/Nothing was written\./);
  });

  it('follows the file’s quotes, semicolons and line ends, after its last import', () => {
    const source =
      'import { Module } from "@nestjs/common"\nimport {\n  A,\n} from "./a" // ours\n\n@Module({ imports: [A] })\nclass M {}\n';
    expect(wire(source)).toContain('} from "./a" // ours\nimport { X } from "./x"\n\n@Module');
    const windows = wire(APP.replaceAll('\n', '\r\n'));
    expect(windows).toContain("'./app.controller';\r\nimport { X } from './x';\r\n");
    expect(windows.replaceAll('\r\n', '')).not.toContain('\n');
  });

  it('does nothing twice', () => {
    const once = wire(APP);
    expect(wire(once)).toBe(once);
    const shorthand = wire(`@Module({ imports })\nclass M {}\n`);
    expect(wire(shorthand)).toBe(shorthand);
    expect(wire(APP.replace('export', '// X is for later\nexport'))).not.toBe(APP);
  });
});
