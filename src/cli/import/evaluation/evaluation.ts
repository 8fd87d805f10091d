import { type Call, CONFIGURATION, type Dialect, type Program } from './dialect.js';
import { operate, truth } from './operations.js';
import { EMPTY_STATE, mergeStates, type Setting, type State, withEntry } from './state.js';
import type { Operator, Routine, Syntax } from './syntax.js';
import {
  ABSENT,
  both,
  choice,
  constant,
  isSame,
  not,
  NULL,
  resolve,
  textOf,
  unknown,
  type Value,
} from './values.js';

/** More than any configuration does. */
const MAX_STEPS = 200_000;
const MAX_DEPTH = 40;

/** A jump out of a routine under a condition that could not be decided: the rest was run for the other case. */
interface Suspended {
  readonly condition: Value;
  readonly state: State;
  readonly value: Value;
}

/**
 * Runs a configuration program as far as that can be done without the application: assignments, conditions, loops over
 * lists that are written down, its own methods. Nothing is executed. Both branches of a condition that cannot be decided
 * are followed, and what they set differently depends on it.
 */
export class Evaluation implements Program {
  state: State = EMPTY_STATE;
  /** What could not be understood, or depends on something that cannot be decided: a line, and a sentence. */
  readonly open = new Map<number, string>();
  /** Where a variable was last assigned to. */
  readonly assignedAt = new Map<string, number>();
  #jump: Value | null = null;
  #path: Value = constant(true);
  #suspended: Suspended[] = [];
  #steps = 0;
  #depth = 0;
  readonly #routines = new Map<string, Routine>();

  constructor(
    readonly dialect: Dialect,
    readonly env: Readonly<Record<string, string | undefined>>,
  ) {}

  /** Runs a whole program and returns what it returns. */
  run(program: Syntax): Value {
    return this.invoke({ parameters: [], body: program }, []);
  }

  report(line: number, sentence: string): void {
    if (!this.open.has(line)) this.open.set(line, sentence);
  }

  invoke(routine: Routine, values: readonly Value[]): Value {
    if (this.#depth >= MAX_DEPTH) return NULL;
    const [jump, path, suspended] = [this.#jump, this.#path, this.#suspended];
    const shadowed = routine.parameters.map((name) => this.state.variables.get(name));
    [this.#jump, this.#path, this.#suspended] = [null, constant(true), []];
    this.#depth += 1;
    const [only] = values;
    const isSpread = routine.parameters.length > 1 && values.length === 1;
    const given = isSpread && only?.kind === 'list' ? only.items : values;
    for (const [index, name] of routine.parameters.entries()) {
      this.assignVariable(name, given[index] ?? unknown(routine.body.line));
    }
    let value = this.evaluate(routine.body);
    value = this.#jump ?? value;
    for (const { condition, state, value: other } of this.#suspended.toReversed()) {
      value = choice(condition, other, value);
      this.#merge(condition, state, this.state, routine.body.line);
    }
    for (const [index, name] of routine.parameters.entries()) {
      const before = shadowed[index];
      if (before) this.assignVariable(name, before);
    }
    this.#depth -= 1;
    [this.#jump, this.#path, this.#suspended] = [jump, path, suspended];
    return value;
  }

  evaluate(node: Syntax): Value {
    this.#steps += 1;
    if (this.#steps > MAX_STEPS) {
      if (this.#steps === MAX_STEPS + 1)
        this.report(node.line, 'the program takes longer than an import follows it');
      return unknown(node.line);
    }
    switch (node.kind) {
      case 'literal':
        return constant(node.value);
      case 'list':
        return { kind: 'list', items: node.items.map((item) => this.evaluate(item)) };
      case 'map':
        return this.#map(node);
      case 'text':
        return textOf(
          node.parts.map((part) => this.evaluate(part)),
          node.line,
        );
      case 'variable':
        return (
          this.state.variables.get(node.name) ?? this.dialect.variable(node.name, this) ?? unknown(node.line)
        );
      case 'call':
        return this.#call(node);
      case 'index':
        return this.#index(node);
      case 'operation':
        return this.#operate(node.operator, this.evaluate(node.left), node.right, node.line);
      case 'not':
        return not(truth(this.evaluate(node.operand), node.line, this.dialect.blankIsFalse));
      case 'choice':
        return this.#choice(node);
      case 'assignment':
        return this.#assignment(node);
      case 'sequence':
        return this.#sequence(node.body);
      case 'loop':
        return this.#loop(node);
      case 'definition':
        this.#routines.set(node.name, node.routine);
        return NULL;
      case 'jump':
        this.#jump = node.value ? this.evaluate(node.value) : NULL;
        return NULL;
      case 'other':
        return unknown(node.line);
    }
  }

  assignVariable(name: string, value: Value): void {
    this.state = { ...this.state, variables: withEntry(this.state.variables, name, value) };
  }

  setParameter(marketplace: string, name: string, setting: Setting): void {
    const settings = this.state.marketplaces.get(marketplace) ?? new Map<string, Setting>();
    const next = name === '' ? settings : withEntry(settings, name, setting);
    this.state = { ...this.state, marketplaces: withEntry(this.state.marketplaces, marketplace, next) };
  }

  parameter(marketplace: string, name: string): Value {
    return this.state.marketplaces.get(marketplace)?.get(name)?.value ?? this.dialect.parameterDefault(name);
  }

  assign(target: Syntax, value: Value, line: number): void {
    if (target.kind === 'variable') {
      this.assignVariable(target.name, value);
      this.assignedAt.set(target.name, line);
      return;
    }
    if (target.kind === 'call' && target.receiver && target.arguments.length === 0) {
      const receiver = this.evaluate(target.receiver);
      if (receiver.kind === 'object' && receiver.name === CONFIGURATION) {
        const [marketplace = '', ...path] = receiver.path;
        this.setParameter(marketplace, [...path, target.name].join('.'), { value, line });
      }
      return;
    }
    if (target.kind === 'index') this.#assignEntry(target, value, line);
  }

  /** Runs what is done only in one case: both ways where the condition cannot be decided. */
  branch(condition: Value, yes: () => Value, no: () => Value, line: number): Value {
    if (condition.kind === 'constant') return condition.value === true ? yes() : no();
    const [before, path] = [this.state, this.#path];
    const run = (side: Value, work: () => Value): Suspended & { jumped: boolean } => {
      this.state = before;
      this.#jump = null;
      this.#path = both(path, side);
      const value = work();
      const jump = this.#jump as Value | null;
      this.#jump = null;
      return { condition: this.#path, state: this.state, value: jump ?? value, jumped: jump !== null };
    };
    const first = run(condition, yes);
    const second = run(not(condition), no);
    this.#path = path;
    if (first.jumped !== second.jumped) {
      const [gone, going] = first.jumped ? [first, second] : [second, first];
      this.#suspended.push(gone);
      this.#path = going.condition;
      this.state = going.state;
      return going.value;
    }
    this.#merge(condition, first.state, second.state, line);
    const value = choice(condition, first.value, second.value);
    if (first.jumped) this.#jump = value;
    return value;
  }

  #merge(condition: Value, yes: State, no: State, line: number): void {
    const decided = resolve(condition, this.env);
    const { state, oneSided } = mergeStates(condition, yes, no);
    if (oneSided.length > 0 && typeof decided === 'boolean') {
      // The variables of the present environment say which branch it is; values still depend on them.
      const taken = decided ? yes : no;
      const marketplaces = [...state.marketplaces].filter(([name]) => taken.marketplaces.has(name));
      this.state = { ...state, marketplaces: new Map(marketplaces), platform: taken.platform };
      return;
    }
    this.state = state;
    const at = condition.kind === 'unknown' ? condition.line : line;
    for (const part of oneSided)
      this.report(
        at,
        `${part} is configured only under a condition that cannot be decided here; keep it, or remove it`,
      );
  }

  #map(node: Syntax & { kind: 'map' }): Value {
    const entries = new Map<string, Value>();
    let open = false;
    for (const [key, value] of node.entries) {
      const name = resolve(this.evaluate(key), this.env);
      const evaluated = this.evaluate(value);
      if (name === undefined || name === null) open = true;
      else entries.set(String(name), evaluated);
    }
    return { kind: 'map', entries, open };
  }

  #call(node: Syntax & { kind: 'call' }): Value {
    const receiver = node.receiver ? this.evaluate(node.receiver) : null;
    const values = node.arguments.map((argument) => this.evaluate(argument));
    const call: Call = {
      receiver,
      name: node.name,
      arguments: values,
      block: node.block,
      line: node.line,
      target: node.receiver,
    };
    const known = this.dialect.call(call, this);
    if (known) return known;
    const routine = receiver === null ? this.#routines.get(node.name) : undefined;
    if (routine) return this.invoke(routine, values);
    if (values.some((value) => value.kind === 'object' && value.name === CONFIGURATION)) {
      this.report(node.line, `what "${node.name}" sets is not known`);
    }
    const { block } = node;
    if (block) {
      // Whether and how often somebody else's method runs it is not known.
      this.branch(
        unknown(node.line),
        () => this.invoke(block, []),
        () => NULL,
        node.line,
      );
    }
    return unknown(node.line);
  }

  #index(node: Syntax & { kind: 'index' }): Value {
    const target = this.evaluate(node.target);
    return this.entry(target, this.evaluate(node.key), node.line);
  }

  entry(target: Value, key: Value, line: number): Value {
    if (target.kind === 'object') return this.dialect.index(target, key, this) ?? unknown(line);
    const name = resolve(key, this.env);
    if (name === undefined || name === null) return unknown(line);
    if (target.kind === 'map')
      return target.entries.get(String(name)) ?? (target.open ? unknown(line) : NULL);
    if (target.kind === 'list') return target.items.at(Number(name)) ?? NULL;
    return target.kind === 'unknown' ? target : unknown(line);
  }

  #assignEntry(target: Syntax & { kind: 'index' }, value: Value, line: number): void {
    const holder = this.evaluate(target.target);
    const key = resolve(this.evaluate(target.key), this.env);
    if (holder.kind === 'object') {
      if (holder.name === CONFIGURATION && typeof key === 'string') {
        const [marketplace = '', ...path] = holder.path;
        this.setParameter(marketplace, [...path, key].join('.'), { value, line });
      }
      return;
    }
    const isMap = holder.kind === 'map';
    if (holder.kind === 'unknown' && key !== undefined && key !== null) {
      const entries = new Map([[String(key), value]]);
      this.assign(target.target, { kind: 'map', entries, open: true }, line);
      return;
    }
    const isEmpty = isSame(holder, NULL) || (holder.kind === 'list' && holder.items.length === 0);
    if (key === undefined || key === null || (!isMap && !isEmpty)) {
      this.assign(target.target, unknown(line), line);
      return;
    }
    const entries = withEntry(isMap ? holder.entries : new Map<string, Value>(), String(key), value);
    this.assign(target.target, { kind: 'map', entries, open: isMap && holder.open }, line);
  }

  #operate(operator: Operator, left: Value, right: Syntax, line: number): Value {
    return operate(operator, left, () => this.evaluate(right), line, this.dialect.blankIsFalse);
  }

  #choice(node: Syntax & { kind: 'choice' }): Value {
    const { yes, no } = node;
    return this.branch(
      truth(this.evaluate(node.condition), node.line, this.dialect.blankIsFalse),
      () => (yes ? this.evaluate(yes) : NULL),
      () => (no ? this.evaluate(no) : NULL),
      node.line,
    );
  }

  #assignment(node: Syntax & { kind: 'assignment' }): Value {
    const value =
      node.operator === null
        ? this.evaluate(node.value)
        : this.#operate(node.operator, this.#present(node.target), node.value, node.line);
    this.assign(node.target, value, node.line);
    return value;
  }

  /** What a target of `||=` holds; a variable that nobody has set holds nothing. */
  #present(target: Syntax): Value {
    const isFresh =
      target.kind === 'variable' &&
      !this.state.variables.has(target.name) &&
      this.dialect.variable(target.name, this) === undefined;
    return isFresh ? NULL : this.evaluate(target);
  }

  #sequence(body: readonly Syntax[]): Value {
    let value: Value = NULL;
    for (const node of body) {
      value = this.evaluate(node);
      if (this.#jump) break;
    }
    return value;
  }

  #loop(node: Syntax & { kind: 'loop' }): Value {
    const over = this.evaluate(node.over);
    const routine: Routine = {
      parameters: node.key === null ? [node.value] : [node.key, node.value],
      body: node.body,
    };
    return this.each(over, routine, node.key !== null, node.line);
  }

  each(over: Value, routine: Routine, withKeys: boolean, line: number): Value {
    if (over.kind === 'list') {
      for (const [index, item] of over.items.entries()) {
        this.invoke(routine, withKeys ? [constant(index), item] : [item]);
      }
      return over;
    }
    if (over.kind === 'map' && !over.open) {
      for (const [key, item] of over.entries) {
        this.invoke(routine, withKeys ? [constant(key), item] : [item]);
      }
      return over;
    }
    this.branch(
      over.kind === 'unknown' ? over : unknown(line),
      () => this.invoke(routine, []),
      () => ABSENT,
      line,
    );
    return over;
  }
}
