import { builtIn, mergeValues } from '../evaluation/built-ins.js';
import { type Call, CONFIGURATION, type Dialect, type Program } from '../evaluation/dialect.js';
import {
  constant,
  equal,
  listOf,
  not,
  NULL,
  resolve,
  textOf,
  unknown,
  type Value,
} from '../evaluation/values.js';
import type { ReaderContext } from '../imported-source.js';
import { SDK_DEFAULTS } from '../sdk-defaults.js';

/** The SDK's table of presets, which initializers change. */
export const PRESET_TABLE = 'Maestrano::Configuration::EVT_CONFIG';

const NAME_ID = /^Maestrano::Saml::Settings::NAMEID_(\w+)$/;
const NAME_ID_FORMATS: Readonly<Record<string, string>> = {
  PERSISTENT: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  TRANSIENT: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
  ENTITY: 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity',
  KERBEROS: 'urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos',
  ENCRYPTED: 'urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted',
  EMAIL_ADDRESS: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  X509_SUBJECT_NAME: 'urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName',
  WINDOWS_DOMAIN_QUALIFIED_NAME: 'urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName',
  UNSPECIFIED: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
};

/** What the SDK's configuration holds before the block runs, beside the defaults that are written down. */
const SWITCHES: ReadonlyMap<string, Value> = new Map([
  ['sso.enabled', constant(true)],
  ['sso.slo_enabled', constant(true)],
  ['sso.creation_mode', constant('real')],
  ['connec.enabled', constant(true)],
  ['api.verify_ssl_certs', constant(false)],
]);

/** Sections of the configuration, through which its parameters are reached. */
const SECTION = /^(?:app|api|sso|connec|webhooks?|webhooks?\.(?:account|connec))$/;

const OBJECTS = new Set(['Maestrano', 'Rails', 'ENV', 'File', 'Pathname', 'JSON', 'Figaro']);

/** Methods of Rails and of objects that run their block once. */
const RUNS_BLOCK = new Set([
  'to_prepare',
  'after_initialize',
  'before_initialize',
  'on_load',
  'tap',
  'then',
  'instance_eval',
  'begin',
]);

/** Ruby, Rails and the Ruby SDK, as far as configurations use them. */
export class RubyDialect implements Dialect {
  readonly blankIsFalse = false;
  /** Whether the program asked for Rails' environment. */
  usesEnvironment = false;

  /** Maps out of `Settings`, whose entries are read like methods. */
  readonly #settings = new WeakSet<Value>();

  /** @param settings what `Settings` is; null where only the application knows. */
  constructor(
    private readonly context: ReaderContext,
    private readonly settings: Value | null = null,
  ) {
    if (settings) this.#remember(settings);
  }

  variable(name: string): Value | undefined {
    if (name === 'Settings' && this.settings) {
      this.usesEnvironment = true;
      return this.settings;
    }
    if (OBJECTS.has(name)) return { kind: 'object', name, path: [] };
    if (name === PRESET_TABLE) return { kind: 'map', entries: new Map(), open: true };
    const format = NAME_ID_FORMATS[NAME_ID.exec(name)?.[1] ?? ''];
    return format === undefined ? undefined : constant(format);
  }

  parameterDefault(name: string): Value {
    const canonical = name
      .replace(/^webhook\./, 'webhooks.')
      .replace(/\.(group|notification)(_user)?s?_path$/, '.$1$2_path');
    const known = SDK_DEFAULTS.ruby[canonical];
    return known === undefined ? (SWITCHES.get(name) ?? NULL) : constant(known);
  }

  index(target: Value & { kind: 'object' }, key: Value, { env }: Program): Value | undefined {
    const name = resolve(key, env);
    if (name === undefined || name === null) {
      return target.name === 'Maestrano' ? { kind: 'object', name: 'preset', path: [] } : undefined;
    }
    if (target.name === 'ENV') return this.#environment(String(name));
    if (target.name === 'Maestrano') return { kind: 'object', name: 'preset', path: [String(name)] };
    return undefined;
  }

  call(call: Call, program: Program): Value | undefined {
    const { receiver, name, line } = call;
    if (receiver === null) return this.#function(call, program);
    if (receiver.kind === 'object') return this.#ofObject(receiver, call, program);
    const setting = this.#setting(call, receiver);
    if (setting) return setting;
    if (name === 'presence') return { kind: 'fallback', left: receiver, right: NULL, blank: true };
    const asked = question(receiver, call);
    if (asked) return asked;
    if (receiver.kind === 'unknown' && call.block && RUNS_BLOCK.has(name)) {
      return program.invoke(call.block, [receiver]);
    }
    const iterated = this.#iteration(receiver, call, program);
    if (iterated) return iterated;
    if (name === 'fetch' || name === 'dig') return this.#fetch(receiver, call, program);
    if (/^(?:deep_)?(?:merge|update|reverse_merge)!?$/.test(name) && call.arguments[0]) {
      const [first] = call.arguments;
      const isReverse = name.includes('reverse');
      const [base, over] = isReverse ? [first, receiver] : [receiver, first];
      const merged = mergeValues(base, over, name.startsWith('deep'), line);
      if ((name.endsWith('!') || name === 'update') && call.target) program.assign(call.target, merged, line);
      return merged;
    }
    if (name === '<<' && call.target && call.arguments[0]) {
      const added: Value =
        receiver.kind === 'list'
          ? listOf([...receiver.items, call.arguments[0]])
          : textOf([receiver, call.arguments[0]], line);
      program.assign(call.target, added, line);
      return added;
    }
    if (name === 'read' && receiver.kind === 'constant') return this.#file(receiver);
    return builtIn(name, receiver, call.arguments, line);
  }

  #remember(value: Value): void {
    if (value.kind === 'map') {
      this.#settings.add(value);
      for (const child of value.entries.values()) this.#remember(child);
    }
    if (value.kind === 'list') for (const item of value.items) this.#remember(item);
  }

  /** `Settings.app.host`, and `Settings.app.host?`. */
  #setting({ name, arguments: values, block }: Call, receiver: Value): Value | undefined {
    if (receiver.kind !== 'map' || !this.#settings.has(receiver) || values.length > 0 || block)
      return undefined;
    const entry = receiver.entries.get(name);
    if (entry) return entry;
    const asked = receiver.entries.get(name.replace(/\?$/, ''));
    return asked && isSet(asked, true);
  }

  #environment(name: string): Value {
    if (name !== 'RAILS_ENV' && name !== 'RACK_ENV') return { kind: 'environment', name };
    this.usesEnvironment = true;
    return constant(this.context.environment);
  }

  #function(call: Call, program: Program): Value | undefined {
    const { name, block } = call;
    // A program that gives up here would not have started.
    if (['raise', 'abort', 'exit', 'puts', 'p', 'require', 'require_relative', 'warn', 'load'].includes(name))
      return NULL;
    if (name === 'defined?') return undefined;
    if (['lambda', 'proc'].includes(name)) return undefined;
    if (RUNS_BLOCK.has(name) && block) return program.invoke(block, []);
    return undefined;
  }

  #ofObject(receiver: Value & { kind: 'object' }, call: Call, program: Program): Value | undefined {
    switch (receiver.name) {
      case 'Maestrano':
        return this.#sdk(call, program);
      case 'preset':
        return call.name === 'configure'
          ? this.#configure(receiver.path[0] ?? null, call, program)
          : undefined;
      case CONFIGURATION:
        return this.#configuration(receiver.path, call, program);
      case 'Rails':
        return this.#rails(call);
      case 'ENV':
        return this.#variables(call, program);
      case 'Figaro':
        return call.name === 'env' ? { kind: 'object', name: 'Figaro.env', path: [] } : undefined;
      case 'Figaro.env':
        return this.#environment(call.name.replace(/!$/, ''));
      default:
        return this.#path(receiver.name, call);
    }
  }

  #sdk(call: Call, program: Program): Value | undefined {
    if (call.name === 'configure') return this.#configure(this.context.defaultName, call, program);
    if (call.name === 'reset!') {
      program.state = { ...program.state, marketplaces: new Map() };
      return NULL;
    }
    if (call.name !== 'auto_configure') return undefined;
    program.state = {
      ...program.state,
      platform: { line: call.line, file: call.arguments[0] ?? null },
    };
    return constant(true);
  }

  #configure(marketplace: string | null, { block, line }: Call, program: Program): Value | undefined {
    if (!block) return undefined;
    if (marketplace === null) {
      program.report(line, 'marketplaces whose names only the application knows');
      return NULL;
    }
    program.setParameter(marketplace, '', { value: NULL, line });
    const configuration: Value = { kind: 'object', name: CONFIGURATION, path: [marketplace] };
    return program.invoke(block, [configuration]);
  }

  #configuration(
    [marketplace = '', ...path]: readonly string[],
    call: Call,
    program: Program,
  ): Value | undefined {
    const { name, block } = call;
    const [first, second] = call.arguments;
    if (/^(?:public_)?send$/.test(name) && first?.kind === 'constant' && second) {
      const parameter = [...path, String(first.value).replace(/=$/, '')].join('.');
      program.setParameter(marketplace, parameter, { value: second, line: call.line });
      return second;
    }
    if (block && RUNS_BLOCK.has(name)) {
      return program.invoke(block, [{ kind: 'object', name: CONFIGURATION, path: [marketplace, ...path] }]);
    }
    if (call.arguments.length > 0) return undefined;
    const parameter = [...path, name].join('.');
    if (SECTION.test(parameter))
      return { kind: 'object', name: CONFIGURATION, path: [marketplace, ...path, name] };
    // Which it is before anybody sets it depends on the version of the SDK.
    const isGiven = program.state.marketplaces.get(marketplace)?.has(parameter) === true;
    if (parameter === 'environment' && !isGiven) return unknown(call.line);
    return program.parameter(marketplace, parameter);
  }

  #rails({ name }: Call): Value | undefined {
    if (name === 'env') {
      this.usesEnvironment = true;
      return constant(this.context.environment);
    }
    return name === 'root' ? constant('.') : undefined;
  }

  #variables(call: Call, program: Program): Value | undefined {
    const [first, fallback] = call.arguments;
    const name = first ? resolve(first, program.env) : undefined;
    if (typeof name !== 'string') return undefined;
    const left = this.#environment(name);
    if (/^(?:key|has_key|include|member)\?$/.test(call.name)) {
      return left.kind === 'constant' ? constant(true) : { kind: 'present', operand: left, blank: false };
    }
    if (call.name !== 'fetch') return undefined;
    const right = fallback ?? (call.block ? program.invoke(call.block, [constant(name)]) : NULL);
    if (left.kind !== 'environment') return left;
    if (right.kind === 'unknown') return right;
    return right.kind === 'constant' && right.value === null
      ? left
      : { kind: 'fallback', left, right, blank: false };
  }

  #path(object: string, call: Call): Value | undefined {
    const [first] = call.arguments;
    if (!first) return undefined;
    if (object === 'File' && ['expand_path', 'absolute_path'].includes(call.name)) return first;
    if ((object === 'File' && call.name === 'join') || (object === 'Pathname' && call.name === 'new')) {
      return joinPath(call.arguments, call.line);
    }
    return object === 'File' && (call.name === 'read' || call.name === 'binread')
      ? this.#file(first)
      : undefined;
  }

  /** Text of a file of the application, such as a certificate. */
  #file(path: Value): Value | undefined {
    const name = resolve(path, {});
    const text = typeof name === 'string' ? this.context.readFile(name) : null;
    return text === null ? undefined : constant(text);
  }

  #iteration(receiver: Value, call: Call, program: Program): Value | undefined {
    const { name, block, line } = call;
    if (name === 'join' && receiver.kind === 'constant') return joinPath([receiver, ...call.arguments], line);
    if (!block) return undefined;
    if (['tap', 'then', 'yield_self'].includes(name)) return program.invoke(block, [receiver]);
    if (name === 'each' || name === 'each_pair') {
      return program.each(receiver, block, receiver.kind === 'map', line);
    }
    if (name === 'each_with_index' && receiver.kind === 'list') {
      for (const [index, item] of receiver.items.entries()) program.invoke(block, [item, constant(index)]);
      return receiver;
    }
    if ((name === 'map' || name === 'collect') && receiver.kind === 'list') {
      return { kind: 'list', items: receiver.items.map((item) => program.invoke(block, [item])) };
    }
    return name.startsWith('each') ? program.each(unknown(line), block, false, line) : undefined;
  }

  #fetch(receiver: Value, call: Call, program: Program): Value | undefined {
    const keys = call.name === 'dig' ? call.arguments : call.arguments.slice(0, 1);
    const found = keys.reduce((value, key) => program.entry(value, key, call.line), receiver);
    if (call.name === 'dig' || found.kind !== 'constant' || found.value !== null) return found;
    return call.arguments[1] ?? (call.block ? program.invoke(call.block, []) : NULL);
  }
}

function joinPath(parts: readonly Value[], line: number): Value {
  return textOf(
    parts.flatMap((part, index) => (index === 0 ? [part] : [constant('/'), part])),
    line,
  );
}

/** Methods that ask something; any other name with `?` compares a text with it, as `Rails.env.production?` does. */
function question(receiver: Value, { name, arguments: values, line }: Call): Value | undefined {
  const isList = receiver.kind === 'list' || receiver.kind === 'map';
  switch (name) {
    case 'nil?':
      return isList ? constant(false) : not(isSet(receiver, false));
    case 'present?':
      return isSet(receiver, true);
    case 'blank?':
    case 'empty?':
      return not(isSet(receiver, true));
    case 'in?': {
      const [list] = values;
      return list ? builtIn('include?', list, [receiver], line) : undefined;
    }
    case 'eql?':
    case 'equal?':
      return values[0] ? equal(receiver, values[0], line) : undefined;
    default: {
      const asked = /^([a-z]\w*)\?$/.exec(name)?.[1];
      const isInquiry = asked !== undefined && values.length === 0 && receiver.kind === 'constant';
      return isInquiry && typeof receiver.value === 'string' ? constant(receiver.value === asked) : undefined;
    }
  }
}

function isSet(value: Value, blank: boolean): Value {
  if (value.kind === 'constant') {
    const isBlank = typeof value.value === 'string' && value.value.trim() === '';
    return constant(value.value !== null && !(blank && (isBlank || value.value === false)));
  }
  if (value.kind === 'list') return constant(value.items.length > 0);
  if (value.kind === 'map') return constant(value.entries.size > 0);
  return value.kind === 'unknown' || value.kind === 'object'
    ? unknown(value.kind === 'unknown' ? value.line : 1)
    : { kind: 'present', operand: value, blank };
}
