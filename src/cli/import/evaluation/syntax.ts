/** A piece of a program that another piece calls with values: a Ruby block, a method or a function. */
export interface Routine {
  readonly parameters: readonly string[];
  readonly body: Syntax;
}

/**
 * What Ruby and PHP configurations have in common, so that one evaluation serves both: their parsers' trees are
 * brought to this form. Statements are expressions, as in Ruby. `line` counts from 1.
 */
export type Syntax = { readonly line: number } & (
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly Syntax[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [key: Syntax, value: Syntax])[] }
  | { readonly kind: 'text'; readonly parts: readonly Syntax[] }
  /** A local variable with its mark (`$x`), or a constant with its namespaces (`A::B`). */
  | { readonly kind: 'variable'; readonly name: string }
  /** `receiver.name(…)`, also without arguments; a static call has the class as its receiver. */
  | {
      readonly kind: 'call';
      readonly receiver: Syntax | null;
      readonly name: string;
      readonly arguments: readonly Syntax[];
      readonly block: Routine | null;
    }
  | { readonly kind: 'index'; readonly target: Syntax; readonly key: Syntax }
  | {
      readonly kind: 'operation';
      readonly operator: Operator;
      readonly left: Syntax;
      readonly right: Syntax;
    }
  | { readonly kind: 'not'; readonly operand: Syntax }
  | {
      readonly kind: 'choice';
      readonly condition: Syntax;
      readonly yes: Syntax | null;
      readonly no: Syntax | null;
    }
  | {
      readonly kind: 'assignment';
      readonly target: Syntax;
      /** `null` for a plain `=`. */
      readonly operator: Operator | null;
      readonly value: Syntax;
    }
  | { readonly kind: 'sequence'; readonly body: readonly Syntax[] }
  | {
      readonly kind: 'loop';
      readonly over: Syntax;
      readonly key: string | null;
      readonly value: string;
      readonly body: Syntax;
    }
  | { readonly kind: 'definition'; readonly name: string; readonly routine: Routine }
  /** `return`, `next`, `break`: the rest of the block is not run. */
  | { readonly kind: 'jump'; readonly value: Syntax | null }
  /** Anything else; its parts are not looked at. */
  | { readonly kind: 'other' }
);

/**
 * `join` puts texts together; `either` and `both` are the language's own `||` and `&&`, `default` replaces null alone.
 */
export type Operator = 'join' | 'equal' | 'either' | 'both' | 'default';
