import * as prism from '@ruby/prism';

import type { Operator, Routine, Syntax } from '../evaluation/syntax.js';

const OPERATORS: Readonly<Record<string, Operator>> = { '+': 'join', '==': 'equal', '<<': 'join' };

/** A text that prism cannot parse. */
export class RubySyntaxError extends Error {
  constructor(
    readonly line: number,
    reason: string,
  ) {
    super(reason);
  }
}

/**
 * Parses Ruby.
 *
 * @throws RubySyntaxError
 */
export async function parseRuby(source: string): Promise<Syntax> {
  const parse = await prism.loadPrism();
  const lines = new Lines(source);
  try {
    const { value, errors } = parse(source);
    const [error] = errors;
    if (error) throw new RubySyntaxError(lines.at(error.location.startOffset), error.message);
    return new Converter(lines).convert(value.statements);
  } catch (error) {
    if (error instanceof RubySyntaxError) throw error;
    // The stack of the parser, or of this one.
    throw new RubySyntaxError(1, 'it is nested too deeply');
  }
}

/** Line numbers of byte offsets, which is what prism counts in. */
class Lines {
  readonly #starts: number[] = [0];

  constructor(source: string) {
    const bytes = Buffer.from(source);
    for (let index = bytes.indexOf(10); index !== -1; index = bytes.indexOf(10, index + 1)) {
      this.#starts.push(index + 1);
    }
  }

  at(offset: number): number {
    let [low, high] = [0, this.#starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

type Node = prism.StatementsNode | { location: { startOffset: number } };

/** Brings prism's tree to the common form. What configurations have no use for becomes `other`. */
class Converter {
  constructor(private readonly lines: Lines) {}

  convert(node: Node | null): Syntax {
    if (!node) return { line: 1, kind: 'literal', value: null };
    const line = this.lines.at(node.location.startOffset);
    return (
      this.#literal(node, line) ??
      this.#flow(node, line) ??
      this.#write(node, line) ??
      this.#access(node, line) ?? { line, kind: 'other' }
    );
  }

  #literal(node: Node, line: number): Syntax | null {
    if (node instanceof prism.StringNode || node instanceof prism.SymbolNode) {
      return { line, kind: 'literal', value: node.unescaped.value };
    }
    if (node instanceof prism.IntegerNode || node instanceof prism.FloatNode) {
      return { line, kind: 'literal', value: node.value };
    }
    if (node instanceof prism.TrueNode) return { line, kind: 'literal', value: true };
    if (node instanceof prism.FalseNode) return { line, kind: 'literal', value: false };
    if (node instanceof prism.NilNode) return { line, kind: 'literal', value: null };
    if (node instanceof prism.InterpolatedStringNode || node instanceof prism.InterpolatedSymbolNode) {
      return { line, kind: 'text', parts: node.parts.map((part) => this.convert(part)) };
    }
    if (node instanceof prism.EmbeddedStatementsNode) return this.convert(node.statements);
    if (node instanceof prism.EmbeddedVariableNode) return this.convert(node.variable);
    if (node instanceof prism.ArrayNode) {
      return { line, kind: 'list', items: node.elements.map((element) => this.convert(element)) };
    }
    if (node instanceof prism.HashNode || node instanceof prism.KeywordHashNode) {
      return {
        line,
        kind: 'map',
        entries: node.elements.map((element) =>
          element instanceof prism.AssocNode
            ? [this.convert(element.key), this.convert(element.value)]
            : [
                { line, kind: 'other' },
                { line, kind: 'other' },
              ],
        ),
      };
    }
    return null;
  }

  #flow(node: Node, line: number): Syntax | null {
    if (node instanceof prism.StatementsNode) {
      return { line, kind: 'sequence', body: node.body.map((child) => this.convert(child)) };
    }
    if (node instanceof prism.ParenthesesNode) return this.convert(node.body);
    if (node instanceof prism.ElseNode) return this.convert(node.statements);
    // Configurations that rescue something go on as if nothing had happened.
    if (node instanceof prism.BeginNode) return this.convert(node.statements);
    if (node instanceof prism.RescueModifierNode) return this.convert(node.expression);
    if (node instanceof prism.IfNode) {
      return {
        line,
        kind: 'choice',
        condition: this.convert(node.predicate),
        yes: this.#optional(node.statements),
        no: this.#optional(node.subsequent),
      };
    }
    if (node instanceof prism.UnlessNode) {
      return {
        line,
        kind: 'choice',
        condition: this.convert(node.predicate),
        yes: this.#optional(node.elseClause),
        no: this.#optional(node.statements),
      };
    }
    if (node instanceof prism.CaseNode) return this.#case(node, line);
    if (node instanceof prism.ForNode) {
      const value = node.index instanceof prism.LocalVariableTargetNode ? node.index.name : '';
      return {
        line,
        kind: 'loop',
        over: this.convert(node.collection),
        key: null,
        value,
        body: this.convert(node.statements),
      };
    }
    if (
      node instanceof prism.ReturnNode ||
      node instanceof prism.NextNode ||
      node instanceof prism.BreakNode
    ) {
      return { line, kind: 'jump', value: this.#optional(node.arguments_?.arguments_[0] ?? null) };
    }
    if (node instanceof prism.DefNode) {
      const routine = this.#routine(node.parameters, node.body);
      return { line, kind: 'definition', name: node.name, routine };
    }
    if (node instanceof prism.ModuleNode || node instanceof prism.ClassNode) return this.convert(node.body);
    return null;
  }

  /** Each `when` is a comparison with what stands after `case`. */
  #case(node: prism.CaseNode, line: number): Syntax {
    const subject = node.predicate ? this.convert(node.predicate) : null;
    return node.conditions.reduceRight<Syntax>((no, when) => {
      if (!(when instanceof prism.WhenNode)) return { line, kind: 'other' };
      const tests = when.conditions.map((test): Syntax => {
        const right = this.convert(test);
        return subject ? { line, kind: 'operation', operator: 'equal', left: subject, right } : right;
      });
      const condition = tests.reduce((left, right): Syntax => {
        return { line, kind: 'operation', operator: 'either', left, right };
      });
      return {
        line: this.lines.at(when.location.startOffset),
        kind: 'choice',
        condition,
        yes: this.#optional(when.statements),
        no,
      };
    }, this.convert(node.elseClause));
  }

  #write(node: Node, line: number): Syntax | null {
    const assign = (target: Syntax, operator: Operator | null, value: Node): Syntax => {
      return { line, kind: 'assignment', target, operator, value: this.convert(value) };
    };
    const variable = (name: string): Syntax => ({ line, kind: 'variable', name });
    if (
      node instanceof prism.LocalVariableWriteNode ||
      node instanceof prism.InstanceVariableWriteNode ||
      node instanceof prism.GlobalVariableWriteNode ||
      node instanceof prism.ConstantWriteNode
    ) {
      return assign(variable(node.name), null, node.value);
    }
    if (
      node instanceof prism.LocalVariableOrWriteNode ||
      node instanceof prism.InstanceVariableOrWriteNode ||
      node instanceof prism.GlobalVariableOrWriteNode ||
      node instanceof prism.ConstantOrWriteNode
    ) {
      return assign(variable(node.name), 'either', node.value);
    }
    if (
      node instanceof prism.LocalVariableOperatorWriteNode ||
      node instanceof prism.InstanceVariableOperatorWriteNode
    ) {
      const operator = OPERATORS[node.binaryOperator];
      return operator ? assign(variable(node.name), operator, node.value) : null;
    }
    if (node instanceof prism.ConstantPathWriteNode)
      return assign(this.convert(node.target), null, node.value);
    if (node instanceof prism.CallOrWriteNode || node instanceof prism.CallAndWriteNode) {
      const operator = node instanceof prism.CallOrWriteNode ? 'either' : 'both';
      return assign(this.#property(node, line), operator, node.value);
    }
    if (node instanceof prism.CallOperatorWriteNode) {
      const operator = OPERATORS[node.binaryOperator];
      return operator ? assign(this.#property(node, line), operator, node.value) : null;
    }
    if (node instanceof prism.IndexOrWriteNode || node instanceof prism.IndexOperatorWriteNode) {
      const operator = node instanceof prism.IndexOrWriteNode ? 'either' : OPERATORS[node.binaryOperator];
      const key = node.arguments_?.arguments_[0];
      if (!operator || !key || !node.receiver) return null;
      const target = this.convert(node.receiver);
      return assign({ line, kind: 'index', target, key: this.convert(key) }, operator, node.value);
    }
    return null;
  }

  #property(node: { receiver: Node | null; readName: string }, line: number): Syntax {
    return {
      line,
      kind: 'call',
      receiver: this.#optional(node.receiver),
      name: node.readName,
      arguments: [],
      block: null,
    };
  }

  #access(node: Node, line: number): Syntax | null {
    if (
      node instanceof prism.LocalVariableReadNode ||
      node instanceof prism.InstanceVariableReadNode ||
      node instanceof prism.GlobalVariableReadNode ||
      node instanceof prism.ConstantReadNode
    ) {
      return { line, kind: 'variable', name: node.name };
    }
    if (node instanceof prism.ItLocalVariableReadNode) return { line, kind: 'variable', name: 'it' };
    if (node instanceof prism.ConstantPathNode) return { line, kind: 'variable', name: this.#path(node) };
    if (node instanceof prism.AndNode || node instanceof prism.OrNode) {
      const operator = node instanceof prism.AndNode ? 'both' : 'either';
      const [left, right] = [this.convert(node.left), this.convert(node.right)];
      return { line, kind: 'operation', operator, left, right };
    }
    if (node instanceof prism.DefinedNode) {
      const name = node.value instanceof prism.ConstantReadNode ? node.value.name : '';
      const value: Syntax = { line, kind: 'literal', value: name };
      return { line, kind: 'call', receiver: null, name: 'defined?', arguments: [value], block: null };
    }
    return node instanceof prism.CallNode ? this.#call(node, line) : null;
  }

  #path(node: prism.ConstantPathNode): string {
    const { parent } = node;
    const name = node.name ?? '';
    if (parent instanceof prism.ConstantReadNode) return `${parent.name}::${name}`;
    return parent instanceof prism.ConstantPathNode ? `${this.#path(parent)}::${name}` : name;
  }

  #call(node: prism.CallNode, line: number): Syntax {
    const values = node.arguments_?.arguments_ ?? [];
    const [first] = values;
    const receiver = this.#optional(node.receiver);
    if (receiver && node.name === '!') return { line, kind: 'not', operand: receiver };
    if (receiver && first && values.length === 1) {
      const right = this.convert(first);
      if (node.name === '[]') return { line, kind: 'index', target: receiver, key: right };
      if (node.name === '!=') {
        const operand: Syntax = { line, kind: 'operation', operator: 'equal', left: receiver, right };
        return { line, kind: 'not', operand };
      }
      const operator = OPERATORS[node.name];
      if (operator && node.name !== '<<') return { line, kind: 'operation', operator, left: receiver, right };
      if (/^[A-Za-z_]\w*=$/.test(node.name)) {
        const target = this.#property({ receiver: node.receiver, readName: node.name.slice(0, -1) }, line);
        return { line, kind: 'assignment', target, operator: null, value: right };
      }
    }
    if (receiver && node.name === '[]=' && values.length === 2) {
      const target: Syntax = { line, kind: 'index', target: receiver, key: this.convert(first!) };
      return { line, kind: 'assignment', target, operator: null, value: this.convert(values[1]!) };
    }
    return {
      line,
      kind: 'call',
      receiver,
      name: node.name,
      arguments: values.map((value) => this.convert(value)),
      block:
        node.block instanceof prism.BlockNode ? this.#routine(node.block.parameters, node.block.body) : null,
    };
  }

  #routine(parameters: Node | null, body: Node | null): Routine {
    return { parameters: this.#parameters(parameters), body: this.convert(body) };
  }

  #parameters(node: Node | null): string[] {
    if (node instanceof prism.BlockParametersNode) return this.#parameters(node.parameters);
    if (node instanceof prism.ItParametersNode) return ['it'];
    if (node instanceof prism.NumberedParametersNode) {
      return Array.from({ length: node.maximum }, (_, index) => `_${index + 1}`);
    }
    if (!(node instanceof prism.ParametersNode)) return [];
    return [...node.requireds, ...node.optionals].map((parameter) =>
      parameter instanceof prism.RequiredParameterNode || parameter instanceof prism.OptionalParameterNode
        ? parameter.name
        : '',
    );
  }

  #optional(node: Node | null): Syntax | null {
    return node ? this.convert(node) : null;
  }
}
