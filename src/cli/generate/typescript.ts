import { createRequire } from 'node:module';
import { join } from 'node:path';

import type ts from 'typescript';

import { CliError } from '../../errors/cli.error.js';

/** The compiler, as `import ts from 'typescript'` gives it. */
export type TypeScript = typeof ts;

/**
 * The TypeScript of the application, which it is compiled with.
 *
 * @param directories where it is looked for, one after the other: the application's, then others
 *
 * @throws CliError `cli.application` where there is none, or one without the compiler's API
 */
export function loadTypeScript(directories: readonly string[]): TypeScript {
  for (const directory of directories) {
    try {
      const loaded = createRequire(join(directory, 'package.json'))('typescript') as Partial<TypeScript>;
      if (loaded.createSourceFile) return loaded as TypeScript;
    } catch {
      continue;
    }
  }
  throw new CliError('cli.application', {
    message: 'The application’s module is read with TypeScript, which is not installed.',
    remedy: 'Run npm install --save-dev typescript in the application, and then the command again.',
  });
}

/** A change of a text: what stands from `start` to `end` is replaced. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies edits that do not overlap. */
export function applyEdits(source: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((left, right) => right.start - left.start)
    .reduce((text, { start, end, text: added }) => text.slice(0, start) + added + text.slice(end), source);
}

/** The names that a file gives to an export of a package: `{ Module as M }`, and `N` of `import * as N`. */
export interface ImportedNames {
  readonly direct: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
}

/** Under which names a file knows an export of a package. */
export function namesOf(
  compiler: TypeScript,
  file: ts.SourceFile,
  from: string,
  name: string,
): ImportedNames {
  const direct = new Set<string>();
  const namespaces = new Set<string>();
  for (const statement of file.statements) {
    if (!compiler.isImportDeclaration(statement) || specifierOf(compiler, statement) !== from) continue;
    const bindings = statement.importClause?.namedBindings;
    if (bindings && compiler.isNamespaceImport(bindings)) namespaces.add(bindings.name.text);
    if (bindings && compiler.isNamedImports(bindings)) {
      for (const element of bindings.elements) {
        if ((element.propertyName ?? element.name).text === name) direct.add(element.name.text);
      }
    }
  }
  return { direct, namespaces };
}

/** Whether an expression is that export, under one of its names. */
export function isNamed(
  compiler: TypeScript,
  expression: ts.Expression,
  names: ImportedNames,
  name: string,
): boolean {
  if (compiler.isIdentifier(expression)) return names.direct.has(expression.text);
  return (
    compiler.isPropertyAccessExpression(expression) &&
    compiler.isIdentifier(expression.expression) &&
    names.namespaces.has(expression.expression.text) &&
    expression.name.text === name
  );
}

export function specifierOf(compiler: TypeScript, statement: ts.ImportDeclaration): string {
  return compiler.isStringLiteral(statement.moduleSpecifier) ? statement.moduleSpecifier.text : '';
}

/** What every name that a file imports comes from. */
export function importedFrom(compiler: TypeScript, file: ts.SourceFile): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const statement of file.statements) {
    if (!compiler.isImportDeclaration(statement)) continue;
    const from = specifierOf(compiler, statement);
    const clause = statement.importClause;
    if (clause?.name) found.set(clause.name.text, from);
    const bindings = clause?.namedBindings;
    if (bindings && compiler.isNamespaceImport(bindings)) found.set(bindings.name.text, from);
    if (bindings && compiler.isNamedImports(bindings)) {
      for (const { name } of bindings.elements) found.set(name.text, from);
    }
  }
  return found;
}

export function parseSource(compiler: TypeScript, name: string, source: string): ts.SourceFile {
  return compiler.createSourceFile(name, source, compiler.ScriptTarget.Latest, true);
}

/** The first thing that the compiler does not understand of a text; null when it is well-formed. */
export function syntaxErrorOf(compiler: TypeScript, source: string): string | null {
  const { diagnostics = [] } = compiler.transpileModule(source, {
    reportDiagnostics: true,
    compilerOptions: { experimentalDecorators: true, target: compiler.ScriptTarget.ESNext },
  });
  const [first] = diagnostics;
  return first ? compiler.flattenDiagnosticMessageText(first.messageText, ' ') : null;
}
