import type ts from 'typescript';

import { CliError } from '../../errors/cli.error.js';
import {
  applyEdits,
  type Edit,
  importedFrom,
  isNamed,
  namesOf,
  parseSource,
  syntaxErrorOf,
  type TypeScript,
} from './typescript.js';

/** A module to add to an application's. */
export interface Wiring {
  readonly name: string;
  /** What it is imported from. */
  readonly specifier: string;
  /** The class whose module it is added to; where there is one only, it is that. */
  readonly className: string | null;
}

/**
 * Adds a module to the `imports` of a class's `@Module()`, and its import statement. The rest of the file stays as it
 * is. A module that is there already comes back unchanged.
 *
 * @throws CliError `cli.application` for what cannot be changed without guessing
 */
export function wireModule(compiler: TypeScript, source: string, wiring: Wiring): string {
  const failure = syntaxErrorOf(compiler, source);
  if (failure !== null) throw byHand(wiring.name, `The compiler says: ${failure}`);
  const wired = new ModuleWiring(compiler, source, wiring).run();
  const broken = syntaxErrorOf(compiler, wired);
  if (broken !== null) throw byHand(wiring.name, `The result would be broken: ${broken}`);
  return wired;
}

class ModuleWiring {
  readonly #file: ts.SourceFile;

  constructor(
    private readonly compiler: TypeScript,
    private readonly source: string,
    private readonly wiring: Wiring,
  ) {
    this.#file = parseSource(compiler, 'module.ts', source);
  }

  run(): string {
    const metadata = this.#metadata();
    const edit = this.#addToImports(metadata);
    if (!edit) return this.source;
    const statement = this.#importStatement();
    return applyEdits(this.source, statement ? [edit, statement] : [edit]);
  }

  /** The object that the class's `@Module()` is given, also where it is a constant of the file. */
  #metadata(): ts.ObjectLiteralExpression {
    const modules = this.#modules();
    const { className } = this.wiring;
    const named = className === null ? modules : modules.filter(({ name }) => name === className);
    const [first] = named;
    if (!first)
      throw this.#byHand(className ? `It has no @Module() of a class ${className}.` : 'It has no @Module().');
    if (named.length > 1) {
      const names = modules.map(({ name }) => name).join(', ');
      throw this.#byHand(`It has several modules: ${names}.`, 'Choose one with --class.');
    }
    const [argument] = first.call.arguments;
    const object = argument && this.#object(argument);
    if (!object) throw this.#byHand('What its @Module() is given is not written down in the file.');
    return object;
  }

  #object(expression: ts.Expression): ts.ObjectLiteralExpression | null {
    const bare = this.#bare(expression);
    if (this.compiler.isObjectLiteralExpression(bare)) return bare;
    if (!this.compiler.isIdentifier(bare)) return null;
    for (const statement of this.#file.statements) {
      if (!this.compiler.isVariableStatement(statement)) continue;
      for (const { name, initializer } of statement.declarationList.declarations) {
        const isIt = this.compiler.isIdentifier(name) && name.text === bare.text;
        if (!isIt || !initializer) continue;
        const value = this.#bare(initializer);
        if (this.compiler.isObjectLiteralExpression(value)) return value;
      }
    }
    return null;
  }

  /** Without parentheses, `as` and `satisfies`. */
  #bare(expression: ts.Expression): ts.Expression {
    const { compiler } = this;
    const isWrapped =
      compiler.isParenthesizedExpression(expression) ||
      compiler.isAsExpression(expression) ||
      compiler.isSatisfiesExpression(expression);
    return isWrapped ? this.#bare(expression.expression) : expression;
  }

  #modules(): { name: string; call: ts.CallExpression }[] {
    const { compiler } = this;
    const names = namesOf(compiler, this.#file, '@nestjs/common', 'Module');
    const isTaken = importedFrom(compiler, this.#file).has('Module');
    const found: { name: string; call: ts.CallExpression }[] = [];
    const visit = (node: ts.Node): void => {
      if (compiler.isClassLike(node)) {
        for (const { expression } of compiler.getDecorators(node) ?? []) {
          if (!compiler.isCallExpression(expression)) continue;
          const callee = expression.expression;
          const isPlain = compiler.isIdentifier(callee) && callee.text === 'Module' && !isTaken;
          if (isPlain || isNamed(compiler, callee, names, 'Module')) {
            found.push({ name: node.name?.text ?? '', call: expression });
          }
        }
      }
      compiler.forEachChild(node, visit);
    };
    visit(this.#file);
    return found;
  }

  /** Null when the module is among them. */
  #addToImports(metadata: ts.ObjectLiteralExpression): Edit | null {
    const { compiler } = this;
    const { name } = this.wiring;
    const own = metadata.properties.filter((property) => this.#keyOf(property) === 'imports');
    const spreads = metadata.properties.filter((property) => compiler.isSpreadAssignment(property));
    const [property] = own;
    if (own.length > 1) throw this.#byHand('Its @Module() has "imports" twice.');
    if (spreads.some((spread) => !property || spread.pos > property.pos)) {
      throw this.#byHand('Its imports may come from what is spread into its @Module().');
    }
    if (!property) return this.#addProperty(metadata);
    if (compiler.isShorthandPropertyAssignment(property)) {
      this.#rejectOwnRegistration(this.#valueOf(property.name) ?? property);
      if (this.#mentions(this.#valueOf(property.name))) return null;
      return { start: property.getStart(), end: property.end, text: `imports: [${name}, ...imports]` };
    }
    if (!compiler.isPropertyAssignment(property)) throw this.#byHand('Its imports are no property.');
    const value = this.#bare(property.initializer);
    this.#rejectOwnRegistration(this.#valueOf(value) ?? value);
    if (this.#mentions(value) || this.#mentions(this.#valueOf(value))) return null;
    if (compiler.isArrayLiteralExpression(value)) return this.#addToList(value);
    const { initializer } = property;
    const text = initializer.getText();
    const isSimple =
      compiler.isIdentifier(initializer) ||
      compiler.isCallExpression(initializer) ||
      compiler.isPropertyAccessExpression(initializer);
    return {
      start: initializer.getStart(),
      end: initializer.end,
      text: `[${name}, ...${isSimple ? text : `(${text})`}]`,
    };
  }

  #keyOf(property: ts.ObjectLiteralElementLike): string | null {
    const { name } = property;
    if (!name) return null;
    if (this.compiler.isIdentifier(name) || this.compiler.isStringLiteral(name)) return name.text;
    if (!this.compiler.isComputedPropertyName(name)) return null;
    return this.compiler.isStringLiteral(name.expression) ? name.expression.text : null;
  }

  /** What a constant of the file is set to. */
  #valueOf(expression: ts.Node): ts.Expression | null {
    if (!this.compiler.isIdentifier(expression)) return null;
    for (const statement of this.#file.statements) {
      if (!this.compiler.isVariableStatement(statement)) continue;
      for (const declaration of statement.declarationList.declarations) {
        const isIt =
          this.compiler.isIdentifier(declaration.name) && declaration.name.text === expression.text;
        if (isIt) return declaration.initializer ?? null;
      }
    }
    return null;
  }

  #mentions(node: ts.Node | null, name = this.wiring.name): boolean {
    if (!node) return false;
    if (this.compiler.isIdentifier(node) && node.text === name) return true;
    return this.compiler.forEachChild(node, (child) => this.#mentions(child, name) || undefined) ?? false;
  }

  #rejectOwnRegistration(imports: ts.Node): void {
    const { direct } = namesOf(this.compiler, this.#file, 'nestjs-maestrano', 'MaestranoModule');
    if ([...direct].some((name) => this.#mentions(imports, name))) {
      throw new CliError('cli.application', {
        message: 'The module registers MaestranoModule itself.',
        remedy: 'Nothing was written. Remove that registration, or keep it and write the adapters by hand.',
      });
    }
  }

  #addProperty(metadata: ts.ObjectLiteralExpression): Edit {
    const entry = `imports: [${this.wiring.name}],`;
    const start = metadata.getStart() + 1;
    const [first] = metadata.properties;
    const between = this.source.slice(start, first ? first.getStart() : metadata.end - 1);
    const eol = this.#eol();
    if (!first) {
      const indent = this.#indentAt(metadata.getStart());
      const rest = between.trim() === '' ? metadata.end - 1 : start;
      return { start, end: rest, text: `${eol}${indent}  ${entry}${eol}${indent}` };
    }
    return between.includes('\n')
      ? { start, end: start, text: `${eol}${this.#indentAt(first.getStart())}${entry}` }
      : { start, end: start, text: ` ${entry}` };
  }

  #addToList(list: ts.ArrayLiteralExpression): Edit {
    const { name } = this.wiring;
    const start = list.getStart() + 1;
    const [first] = list.elements;
    if (!first) {
      const isBlank = this.source.slice(start, list.end - 1).trim() === '';
      return { start, end: isBlank ? list.end - 1 : start, text: name };
    }
    const blank = /^[ \t]*/.exec(this.source.slice(start))![0];
    return this.source.slice(start, first.getStart()).includes('\n')
      ? { start, end: start, text: `${this.#eol()}${this.#indentAt(first.getStart())}${name},` }
      : { start, end: start, text: `${blank}${name},${blank === '' ? ' ' : ''}` };
  }

  #indentAt(position: number): string {
    const line = this.source.slice(this.source.lastIndexOf('\n', position - 1) + 1, position);
    return /^[ \t]*/.exec(line)![0];
  }

  #eol(): string {
    return this.source.includes('\r\n') ? '\r\n' : '\n';
  }

  /** After the last import of the file, in the file's own quotes and with its own habit of semicolons. */
  #importStatement(): Edit | null {
    const { compiler } = this;
    const { name, specifier } = this.wiring;
    const from = importedFrom(compiler, this.#file).get(name);
    if (from === specifier) return null;
    const isDeclared = this.#file.statements.some(
      (statement) => compiler.isClassDeclaration(statement) && statement.name?.text === name,
    );
    if (from !== undefined || isDeclared) throw this.#byHand(`It has another ${name} already.`);
    const last = this.#file.statements.findLast(
      (statement) => compiler.isImportDeclaration(statement) || compiler.isImportEqualsDeclaration(statement),
    );
    const text = last?.getText() ?? "'';";
    const quote = text.includes("'") || !text.includes('"') ? "'" : '"';
    const line = `import { ${name} } from ${quote}${specifier}${quote}${text.endsWith(';') ? ';' : ''}`;
    if (!last) {
      const at = /^(?:\uFEFF)?(?:#![^\n]*\n)?/.exec(this.source)![0].length;
      return { start: at, end: at, text: `${line}${this.#eol()}` };
    }
    const [comment] = compiler.getTrailingCommentRanges(this.source, last.end) ?? [];
    const at = comment?.end ?? last.end;
    return { start: at, end: at, text: `${this.#eol()}${line}` };
  }

  #byHand(why: string, remedy?: string): CliError {
    return byHand(this.wiring.name, why, remedy);
  }
}

function byHand(name: string, why: string, remedy = `Add ${name} to its imports by hand.`): CliError {
  return new CliError('cli.application', {
    message: `The root module cannot be changed. ${why}`,
    remedy: `Nothing was written. ${remedy}`,
  });
}
