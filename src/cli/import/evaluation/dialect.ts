import type { Setting, State } from './state.js';
import type { Routine, Syntax } from './syntax.js';
import type { Value } from './values.js';

/** Object through which a program sets the parameters of a marketplace; the marketplace is first in its path. */
export const CONFIGURATION = 'configuration';

/** A program while it is followed, as its language's dialect works on it. */
export interface Program {
  state: State;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Notes what could not be understood: a sentence for a line. */
  report(line: number, sentence: string): void;
  invoke(routine: Routine, values: readonly Value[]): Value;
  /** Runs a routine for each entry; once with nothing known where the entries are not. */
  each(over: Value, routine: Routine, withKeys: boolean, line: number): Value;
  /** Assigns to a variable, an entry or a parameter, whatever the target is. */
  assign(target: Syntax, value: Value, line: number): void;
  assignVariable(name: string, value: Value): void;
  /** Sets a parameter of a marketplace; an empty name makes the marketplace known. */
  setParameter(marketplace: string, name: string, setting: Setting): void;
  /** What a parameter is so far, or by default. */
  parameter(marketplace: string, name: string): Value;
  /** An entry of a list, a map or something of the language. */
  entry(target: Value, key: Value, line: number): Value;
}

/** What Ruby and PHP do not have in common. */
export interface Dialect {
  /** Whether blank texts are false, as in PHP. */
  readonly blankIsFalse: boolean;
  /** What a variable or constant is that the program itself has not set; undefined where nobody knows. */
  variable(name: string, program: Program): Value | undefined;
  /** What a call comes to; undefined where nobody knows. */
  call(call: Call, program: Program): Value | undefined;
  /** An entry of something of the language, such as `ENV`. */
  index(target: Value & { kind: 'object' }, key: Value, program: Program): Value | undefined;
  /** What a parameter is before anybody sets it. */
  parameterDefault(name: string): Value;
}

/** A call whose receiver and arguments have been evaluated. */
export interface Call {
  readonly receiver: Value | null;
  readonly name: string;
  readonly arguments: readonly Value[];
  readonly block: Routine | null;
  readonly line: number;
  /** What was called on, for calls that change it. */
  readonly target: Syntax | null;
}
