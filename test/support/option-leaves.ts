import { join } from 'node:path';

import ts from 'typescript';

/** What an option may be, as its type says. */
export type OptionKind =
  'number' | 'text' | 'boolean' | 'choice' | 'list' | 'function' | 'group' | 'value' | 'null';

/** An option of the module as the compiler sees it. */
export interface OptionLeaf {
  /** Such as `http.breaker.failures`; a marketplace's own settings stand below `sso.perMarketplace.lab`. */
  readonly path: string;
  readonly kinds: ReadonlySet<OptionKind>;
  /** The texts that a choice takes. */
  readonly choices: readonly string[];
  readonly comment: string;
}

const ROOT = join(import.meta.dirname, '..', '..');
const FILE = join(ROOT, 'src/maestrano-options.interface.ts');

/** Not entered: the marketplaces have a reader of their own, and the store is an object with methods. */
const CLOSED: readonly string[] = ['marketplaces', 'store'];

/** Every option that `MaestranoModuleOptions` has, groups included. */
export function optionLeaves(): readonly OptionLeaf[] {
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const program = ts.createProgram([FILE], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(FILE);
  const declared = source?.statements.find(
    (node) => ts.isInterfaceDeclaration(node) && node.name.text === 'MaestranoModuleOptions',
  );
  if (!declared) throw new Error('MaestranoModuleOptions was not found');
  return membersOf(checker, checker.getTypeAtLocation(declared), '');
}

function membersOf(checker: ts.TypeChecker, type: ts.Type, path: string): OptionLeaf[] {
  return checker.getPropertiesOfType(type).flatMap((symbol) => {
    const name = path === '' ? symbol.name : `${path}.${symbol.name}`;
    return leavesOf(checker, symbol, name);
  });
}

function leavesOf(checker: ts.TypeChecker, symbol: ts.Symbol, path: string): OptionLeaf[] {
  const type = checker.getTypeOfSymbol(symbol);
  const parts = type.isUnion() ? type.types : [type];
  const kinds = new Set<OptionKind>();
  const choices: string[] = [];
  const inner: OptionLeaf[] = [];
  for (const part of parts) {
    if (part.flags & ts.TypeFlags.Undefined) continue;
    if (part.flags & ts.TypeFlags.Null) kinds.add('null');
    else if (part.flags & ts.TypeFlags.NumberLike) kinds.add('number');
    else if (part.flags & ts.TypeFlags.BooleanLike) kinds.add('boolean');
    else if (part.isStringLiteral()) {
      kinds.add('choice');
      choices.push(part.value);
    } else if (part.flags & ts.TypeFlags.String) kinds.add('text');
    else if (checker.isArrayType(part)) kinds.add('list');
    else if (part.getCallSignatures().length > 0) kinds.add('function');
    else if (CLOSED.includes(path)) kinds.add('value');
    else {
      kinds.add('group');
      const entry = checker.getIndexTypeOfType(part, ts.IndexKind.String);
      inner.push(...(entry ? membersOf(checker, entry, `${path}.lab`) : membersOf(checker, part, path)));
    }
  }
  const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  return [{ path, kinds, choices, comment }, ...inner];
}
