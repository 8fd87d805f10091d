import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

import ts from 'typescript';

/** The checkout. */
export const ROOT = join(import.meta.dirname, '..', '..');

/** One import or re-export of a source file. */
export interface SourceImport {
  readonly specifier: string;
  /** `type`: erased by the compiler; `dynamic`: `import()`, loaded when asked for. */
  readonly kind: 'value' | 'type' | 'dynamic';
  /** Path below src for relative imports; null for packages. */
  readonly target: string | null;
}

/** A file below src with what it imports. */
export interface SourceFile {
  /** Path below src with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly SourceImport[];
  readonly ast: ts.SourceFile;
}

/** Every TypeScript file below src. */
export function sourceFiles(): readonly SourceFile[] {
  const root = join(ROOT, 'src');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const ast = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
      return { path, text, ast, imports: importsOf(ast, path) };
    });
}

function importsOf(ast: ts.SourceFile, path: string): SourceImport[] {
  const found: SourceImport[] = [];
  const add = (node: ts.Expression | undefined, kind: SourceImport['kind']): void => {
    if (!node || !ts.isStringLiteralLike(node)) return;
    const specifier = node.text;
    const target = specifier.startsWith('.')
      ? relative('.', normalize(join(dirname(path), specifier))).replace(/\.js$/, '.ts')
      : null;
    found.push({ specifier, kind, target });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, isTypeOnly(node.importClause) ? 'type' : 'value');
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'value');
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, 'type');
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], 'dynamic');
    }
    ts.forEachChild(node, visit);
  };
  visit(ast);
  return found;
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return (
    clause.name === undefined &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.length > 0 &&
    named.elements.every((element) => element.isTypeOnly)
  );
}

/** `@scope/name/deep` to `@scope/name`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
