import * as php from 'php-parser';

import type { Operator, Routine, Syntax } from '../evaluation/syntax.js';

/** A node of php-parser's tree, of whose many kinds the declarations describe only some. */
interface Node {
  readonly kind: string;
  readonly loc?: { readonly start: { readonly line: number } } | null;
  readonly [member: string]: unknown;
}

/** A text that php-parser cannot parse. */
export class PhpSyntaxError extends Error {
  constructor(
    readonly line: number,
    reason: string,
  ) {
    super(reason);
  }
}

const BINARY: Readonly<Record<string, Operator>> = {
  '.': 'join',
  '+': 'join',
  '==': 'equal',
  '===': 'equal',
  '??': 'default',
};
const ASSIGNMENT: Readonly<Record<string, Operator | null>> = {
  '=': null,
  '.=': 'join',
  '+=': 'join',
  '??=': 'default',
};

/**
 * Parses PHP.
 *
 * @throws PhpSyntaxError
 */
export function parsePhp(source: string): Syntax {
  const engine = new php.Engine({
    parser: { extractDoc: false, suppressErrors: false },
    ast: { withPositions: true },
  });
  try {
    return convert(engine.parseCode(source, ''));
  } catch (error) {
    const { lineNumber, message } = error as { lineNumber?: number; message: string };
    throw new PhpSyntaxError(lineNumber ?? 1, message);
  }
}

function convert(node: unknown): Syntax {
  if (!isNode(node)) return { line: 1, kind: 'literal', value: null };
  const line = node.loc?.start.line ?? 1;
  return statement(node, line) ?? literal(node, line) ?? expression(node, line) ?? { line, kind: 'other' };
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

function nodes(value: unknown): Node[] {
  return Array.isArray(value) ? (value as unknown[]).filter(isNode) : [];
}

function optional(value: unknown): Syntax | null {
  return isNode(value) ? convert(value) : null;
}

function statement(node: Node, line: number): Syntax | null {
  switch (node.kind) {
    case 'program':
    case 'namespace':
    case 'block':
      return { line, kind: 'sequence', body: nodes(node['children']).map(convert) };
    case 'expressionstatement':
      return convert(node['expression']);
    case 'if':
      return {
        line,
        kind: 'choice',
        condition: convert(node['test']),
        yes: optional(node['body']),
        no: optional(node['alternate']),
      };
    case 'switch':
      return switchOf(node, line);
    case 'foreach':
      return {
        line,
        kind: 'loop',
        over: convert(node['source']),
        key: isNode(node['key']) ? `$${nameOf(node['key'])}` : null,
        value: `$${nameOf(node['value'])}`,
        body: convert(node['body']),
      };
    case 'return':
      return { line, kind: 'jump', value: optional(node['expr']) };
    case 'break':
    case 'continue':
      return { line, kind: 'jump', value: null };
    case 'try':
      return convert(node['body']);
    case 'function':
      return { line, kind: 'definition', name: nameOf(node['name']), routine: routine(node) };
    case 'constantstatement':
      return {
        line,
        kind: 'sequence',
        body: nodes(node['constants']).map((constant) => ({
          line,
          kind: 'assignment',
          target: { line, kind: 'variable', name: nameOf(constant['name']) },
          operator: null,
          value: convert(constant['value']),
        })),
      };
    case 'inline':
    case 'usegroup':
    case 'declare':
    case 'echo':
      return { line, kind: 'literal', value: null };
    default:
      return null;
  }
}

/** Cases one after the other: each ends with `break` or `return` in a configuration, or shares its body with the next. */
function switchOf(node: Node, line: number): Syntax {
  const subject = convert(node['test']);
  const body = isNode(node['body']) ? nodes(node['body']['children']) : [];
  let pending: Syntax[] = [];
  const branches: { condition: Syntax | null; body: Syntax }[] = [];
  for (const branch of body) {
    const children = isNode(branch['body']) ? nodes(branch['body']['children']) : [];
    const test = optional(branch['test']);
    if (test) pending.push({ line, kind: 'operation', operator: 'equal', left: subject, right: test });
    if (children.length === 0 && test) continue;
    const ends = children.filter(({ kind }) => kind !== 'break').map(convert);
    const condition = test
      ? pending.reduce((left, right): Syntax => ({
          line,
          kind: 'operation',
          operator: 'either',
          left,
          right,
        }))
      : null;
    branches.push({ condition, body: { line, kind: 'sequence', body: ends } });
    pending = [];
  }
  const fallback: Syntax = branches.find(({ condition }) => condition === null)?.body ?? {
    line,
    kind: 'literal',
    value: null,
  };
  return branches.reduceRight<Syntax>(
    (no, { condition, body: yes }) => (condition ? { line, kind: 'choice', condition, yes, no } : no),
    fallback,
  );
}

function literal(node: Node, line: number): Syntax | null {
  switch (node.kind) {
    case 'string':
    case 'nowdoc':
      return { line, kind: 'literal', value: String(node['value']) };
    case 'boolean':
      return { line, kind: 'literal', value: node['value'] === true };
    case 'number':
      return { line, kind: 'literal', value: Number(node['value']) };
    case 'nullkeyword':
      return { line, kind: 'literal', value: null };
    case 'magic':
      // The directory of the file, from which paths are meant.
      return node['value'] === '__DIR__' || node['value'] === '__FILE__'
        ? { line, kind: 'literal', value: node['value'] === '__FILE__' ? './_' : '.' }
        : null;
    case 'encapsed':
      return { line, kind: 'text', parts: nodes(node['value']).map(convert) };
    case 'encapsedpart':
      return convert(node['expression']);
    case 'array':
      return arrayOf(node, line);
    default:
      return null;
  }
}

function arrayOf(node: Node, line: number): Syntax {
  const items = nodes(node['items']);
  if (!items.some((item) => isNode(item['key']))) {
    return {
      line,
      kind: 'list',
      items: items.map((item) =>
        item['unpack'] === true ? { line, kind: 'other' } : convert(item['value'] ?? item),
      ),
    };
  }
  return {
    line,
    kind: 'map',
    entries: items.map((item) => [
      isNode(item['key']) ? convert(item['key']) : { line, kind: 'other' },
      convert(item['value']),
    ]),
  };
}

function expression(node: Node, line: number): Syntax | null {
  switch (node.kind) {
    case 'variable':
      return { line, kind: 'variable', name: `$${nameOf(node)}` };
    case 'name':
    case 'identifier':
      return { line, kind: 'variable', name: nameOf(node) };
    case 'parenthesis':
    case 'silent':
      return convert(node['inner'] ?? node['expr']);
    case 'cast':
      return callOf(line, `(${String(node['type'])})`, null, [convert(node['expr'])]);
    case 'assign': {
      const operator = ASSIGNMENT[String(node['operator'])];
      if (operator === undefined) return null;
      return {
        line,
        kind: 'assignment',
        target: convert(node['left']),
        operator,
        value: convert(node['right']),
      };
    }
    case 'retif':
      return conditional(node, line);
    case 'bin':
      return binary(node, line);
    case 'unary':
      return node['type'] === '!' ? { line, kind: 'not', operand: convert(node['what']) } : null;
    case 'offsetlookup':
      return isNode(node['offset'])
        ? { line, kind: 'index', target: convert(node['what']), key: convert(node['offset']) }
        : null;
    case 'propertylookup':
    case 'nullsafepropertylookup':
      return callOf(line, nameOf(node['offset']), convert(node['what']), []);
    case 'staticlookup':
      return { line, kind: 'variable', name: `${nameOf(node['what'])}::${nameOf(node['offset'])}` };
    case 'call':
      return call(node, line);
    case 'isset':
      return callOf(line, 'isset', null, nodes(node['variables']).map(convert));
    case 'empty':
      return { line, kind: 'not', operand: convert(node['expression']) };
    case 'exit':
      return { line, kind: 'literal', value: null };
    case 'throw':
      return { line, kind: 'literal', value: null };
    default:
      return null;
  }
}

function conditional(node: Node, line: number): Syntax {
  const condition = convert(node['test']);
  const no = convert(node['falseExpr']);
  return isNode(node['trueExpr'])
    ? { line, kind: 'choice', condition, yes: convert(node['trueExpr']), no }
    : { line, kind: 'operation', operator: 'either', left: condition, right: no };
}

function binary(node: Node, line: number): Syntax | null {
  const type = String(node['type']).toLowerCase();
  const [left, right] = [convert(node['left']), convert(node['right'])];
  const negate = (operand: Syntax): Syntax => ({ line, kind: 'not', operand });
  if (type === '!=' || type === '!==' || type === '<>') {
    return negate({ line, kind: 'operation', operator: 'equal', left, right });
  }
  const logical = { '||': 'either', or: 'either', '&&': 'both', and: 'both' } as const;
  if (type in logical) {
    // Both come to a switch in PHP, and not to one of their operands.
    const operator = logical[type as keyof typeof logical];
    return { line, kind: 'operation', operator, left: negate(negate(left)), right: negate(negate(right)) };
  }
  const operator = BINARY[type];
  return operator ? { line, kind: 'operation', operator, left, right } : null;
}

function call(node: Node, line: number): Syntax {
  const what = node['what'];
  const values = nodes(node['arguments']).map(convert);
  if (!isNode(what)) return { line, kind: 'other' };
  if (what.kind === 'staticlookup' || what.kind === 'propertylookup') {
    return callOf(line, nameOf(what['offset']), convert(what['what']), values);
  }
  return callOf(line, nameOf(what), null, values);
}

function callOf(line: number, name: string, receiver: Syntax | null, values: readonly Syntax[]): Syntax {
  return { line, kind: 'call', receiver, name, arguments: values, block: null };
}

function routine(node: Node): Routine {
  const parameters = nodes(node['arguments']).map((parameter) => `$${nameOf(parameter['name'])}`);
  return { parameters, body: convert(node['body']) };
}

/** A name without its namespace; that of a variable with its mark where it is a target. */
function nameOf(value: unknown): string {
  if (typeof value === 'string') return value.replace(/^.*\\/, '');
  if (!isNode(value)) return '';
  const name = value['name'];
  return value.kind === 'variable' && typeof name === 'string' ? name : nameOf(name);
}
