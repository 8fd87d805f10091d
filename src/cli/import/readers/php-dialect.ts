import { builtIn, mergeValues } from '../evaluation/built-ins.js';
import type { Call, Dialect, Program } from '../evaluation/dialect.js';
import { both, constant, NULL, resolve, textOf, unknown, type Value } from '../evaluation/values.js';
import type { ReaderContext } from '../imported-source.js';

/** PHP's names for what the built-ins know by Ruby's. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  trim: 'strip',
  rtrim: 'rstrip',
  ltrim: 'lstrip',
  strtolower: 'downcase',
  strtoupper: 'upcase',
  strval: 'to_s',
  '(string)': 'to_s',
  intval: 'to_i',
  '(int)': 'to_i',
  '(integer)': 'to_i',
  '(float)': 'to_f',
};

/** PHP and the PHP SDK, as far as configurations use them. */
export class PhpDialect implements Dialect {
  readonly blankIsFalse = true;

  constructor(private readonly context: ReaderContext) {}

  variable(name: string): Value | undefined {
    if (name === 'Maestrano') return { kind: 'object', name, path: [] };
    if (name === '$_ENV' || name === '$_SERVER') return { kind: 'object', name: 'ENV', path: [] };
    if (name === 'PHP_EOL') return constant('\n');
    return name === 'DIRECTORY_SEPARATOR' ? constant('/') : undefined;
  }

  parameterDefault(): Value {
    return NULL;
  }

  index(target: Value & { kind: 'object' }, key: Value, { env }: Program): Value | undefined {
    const name = resolve(key, env);
    return target.name === 'ENV' && typeof name === 'string' ? { kind: 'environment', name } : undefined;
  }

  call(call: Call, program: Program): Value | undefined {
    const { receiver, name } = call;
    if (receiver === null) return this.#function(call, program);
    if (receiver.kind !== 'object') return undefined;
    const [first] = call.arguments;
    if (name === 'with' && first) return this.#preset(first, program);
    if (name === 'autoConfigure') {
      program.state = { ...program.state, platform: { line: call.line, file: first ?? null } };
      return constant(true);
    }
    if (name === 'configureWithPreset' && call.arguments[1]) {
      return this.#configure(this.#preset(call.arguments[0]!, program), call.arguments[1], call, program);
    }
    if (name !== 'configure' || !first) return undefined;
    const preset: Value =
      receiver.name === 'preset'
        ? receiver
        : { kind: 'object', name: 'preset', path: [this.context.defaultName] };
    return this.#configure(preset, first, call, program);
  }

  #preset(name: Value, { env }: Program): Value {
    const known = resolve(name, env);
    return { kind: 'object', name: 'preset', path: typeof known === 'string' ? [known] : [] };
  }

  #configure(preset: Value, settings: Value, { line }: Call, program: Program): Value {
    const marketplace = preset.kind === 'object' ? preset.path[0] : undefined;
    if (marketplace === undefined) {
      program.report(line, 'a marketplace whose name only the application knows');
      return NULL;
    }
    const path = resolve(settings, program.env);
    const value = typeof path === 'string' ? (this.context.readJson(path) ?? unknown(line)) : settings;
    setAll(marketplace, '', value, line, program);
    return constant(true);
  }

  #function(call: Call, program: Program): Value | undefined {
    const { name, line } = call;
    const [first, second] = call.arguments;
    switch (name.toLowerCase()) {
      case 'getenv':
      case 'env': {
        const variable = first ? resolve(first, program.env) : undefined;
        if (typeof variable !== 'string') return undefined;
        const left: Value = { kind: 'environment', name: variable };
        const isFallback =
          second && !(second.kind === 'constant' && second.value === null) && name !== 'getenv';
        if (!isFallback) return left;
        return second.kind === 'unknown' ? second : { kind: 'fallback', left, right: second, blank: false };
      }
      case 'define': {
        const constantName = first ? resolve(first, {}) : undefined;
        if (typeof constantName === 'string' && second) program.assignVariable(constantName, second);
        return constant(true);
      }
      case 'constant':
        return first?.kind === 'constant' ? program.state.variables.get(String(first.value)) : undefined;
      case 'defined': {
        const constantName = first ? resolve(first, {}) : undefined;
        return typeof constantName === 'string' && program.state.variables.has(constantName)
          ? constant(true)
          : undefined;
      }
      case 'isset':
        return call.arguments
          .map((value) => isSet(value, line))
          .reduce((left, right) => both(left, right), constant(true));
      case 'array_merge':
      case 'array_replace':
        return call.arguments.reduce((base, over) => mergeValues(base, over, false, line));
      case 'array_merge_recursive':
      case 'array_replace_recursive':
        return call.arguments.reduce((base, over) => mergeValues(base, over, true, line));
      case 'in_array':
        return first && second ? builtIn('include?', second, [first], line) : undefined;
      case 'implode':
      case 'join':
        return first && second ? builtIn('join', second, [first], line) : undefined;
      case 'str_replace': {
        const subject = call.arguments[2];
        return first && second && subject ? builtIn('gsub', subject, [first, second], line) : undefined;
      }
      case 'sprintf':
        return first ? format(first, call.arguments.slice(1), line) : undefined;
      case 'dirname':
        return directory(first);
      case 'realpath':
        return first;
      case 'file_get_contents': {
        const text = first?.kind === 'constant' ? this.context.readFile(String(first.value)) : null;
        return text === null ? undefined : constant(text);
      }
      default: {
        const known = FUNCTIONS[name.toLowerCase()];
        return known && first ? builtIn(known, first, call.arguments.slice(1), line) : undefined;
      }
    }
  }
}

/** Sets every entry of an array as a parameter; one that is not known at all leaves everything open. */
export function setAll(
  marketplace: string,
  prefix: string,
  value: Value,
  line: number,
  program: Program,
): void {
  program.setParameter(marketplace, '', { value: NULL, line });
  if (value.kind !== 'map') {
    if (prefix === '') program.report(line, `the settings of "${marketplace}" are not known`);
    else program.setParameter(marketplace, prefix, { value, line });
    return;
  }
  if (value.open) program.report(line, `"${marketplace}" has further settings that are not known`);
  for (const [key, child] of value.entries) {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    if (child.kind === 'map') setAll(marketplace, name, child, line, program);
    else program.setParameter(marketplace, name, { value: child, line });
  }
}

function isSet(value: Value, line: number): Value {
  if (value.kind === 'constant') return constant(value.value !== null);
  if (value.kind === 'list' || value.kind === 'map') return constant(true);
  if (value.kind === 'unknown' || value.kind === 'object') return unknown(line);
  return { kind: 'present', operand: value, blank: false };
}

/** Only `%s`: other directives change what they print. */
function format(pattern: Value, values: readonly Value[], line: number): Value | undefined {
  if (pattern.kind !== 'constant' || typeof pattern.value !== 'string') return undefined;
  const pieces = pattern.value.split('%s');
  if (pieces.length !== values.length + 1 || pieces.some((piece) => piece.includes('%'))) return undefined;
  return textOf(
    pieces.flatMap((piece, index) =>
      index === 0 ? [constant(piece)] : [values[index - 1]!, constant(piece)],
    ),
    line,
  );
}

function directory(path: Value | undefined): Value | undefined {
  if (path?.kind !== 'constant' || typeof path.value !== 'string') return undefined;
  const parts = path.value.split('/');
  return constant(parts.length > 1 ? parts.slice(0, -1).join('/') || '.' : path.value === '.' ? '..' : '.');
}
