import { isKnownParameter, SECTIONS, SUBSCRIPTIONS } from '../../marketplace/normaliser/parameter-names.js';
import type { Setting } from './evaluation/state.js';
import {
  ABSENT,
  choice,
  type Constant,
  constant,
  equal,
  partsOf,
  resolve,
  type Value,
} from './evaluation/values.js';
import type { ImportedSource, ImportNote, SdkName } from './imported-source.js';
import { PRESET_PARAMETERS, SDK_DEFAULTS, SDK_PRESETS } from './sdk-defaults.js';
import { flattenSettings, isBlank } from './settings.js';

/** A parameter that the source sets and that could not be read. */
export interface OpenParameter {
  /** File and line, or why it is open. */
  readonly place: string;
}

/** One marketplace on its way from an SDK's configuration to ours. */
export interface ImportedMarketplace {
  readonly name: string;
  /** By canonical parameter (protocol §1.2), without what means nothing here. */
  readonly parameters: ReadonlyMap<string, Value | OpenParameter>;
  /** What was added or dropped so that the application goes on as before. */
  readonly notes: readonly ImportNote[];
}

export function isOpen(parameter: Value | OpenParameter): parameter is OpenParameter {
  return 'place' in parameter;
}

/** Parameters that only the SDKs have a use for. */
const DROPPED = new Set([
  'marketplace',
  'api.token',
  'api.version',
  'api.lang',
  'api.lang_version',
  'api.group_id',
  'api.verify_ssl_certs',
]);

/** Whether the settings hold a parameter of ours at all. */
export function hasParameters(settings: ReadonlyMap<string, Setting>): boolean {
  return [...flattenSettings(settings).keys()].some((name) => isKnownParameter(name) && !DROPPED.has(name));
}

/**
 * Brings the parameters of an SDK to canonical names and writes down what the SDK would have filled in. What the source
 * sets and cannot be read stays open: it gets no default.
 *
 * @param several whether other marketplaces are imported as well
 */
export function importMarketplace(
  name: string,
  settings: ReadonlyMap<string, Setting>,
  source: Pick<ImportedSource, 'sdk' | 'file' | 'presets'>,
  several: boolean,
): ImportedMarketplace {
  return new MarketplaceImport(settings, source, several).run(name);
}

/** Paths of which each marketplace needs its own: no credentials tell logins apart. */
const OWN_PATHS = new Set(['sso.init_path', 'sso.consume_path']);

class MarketplaceImport {
  readonly #parameters = new Map<string, Value | OpenParameter>();
  readonly #notes: ImportNote[] = [];
  readonly #settings: ReadonlyMap<string, Setting>;
  readonly #sdk: SdkName;

  constructor(
    settings: ReadonlyMap<string, Setting>,
    private readonly source: Pick<ImportedSource, 'sdk' | 'file' | 'presets'>,
    private readonly several: boolean,
  ) {
    this.#settings = flattenSettings(settings);
    this.#sdk = source.sdk;
  }

  run(name: string): ImportedMarketplace {
    for (const [key, setting] of this.#settings) this.#take(key, setting);
    this.#joinLegacyConnecPath();
    if (this.#sdk === 'dotnet') this.#nameDotnetPreset();
    this.#applyChangedPresets();
    this.#addDefaults();
    this.#addPreset();
    return { name, parameters: this.#parameters, notes: this.#notes };
  }

  #take(key: string, setting: Setting): void {
    if (DROPPED.has(key) || SECTIONS.has(key) || isBlank(setting.value)) return;
    if (!isKnownParameter(key)) {
      this.#notes.push({ subject: key, theirs: 'set', ours: 'not known here, left out' });
      return;
    }
    this.#set(key, setting.value, setting.line);
  }

  /** A branch in which nothing is set has the SDK's default, where there is one. */
  #set(key: string, value: Value, line: number | null): void {
    const fallback = SDK_DEFAULTS[this.#sdk][key];
    const whole = fallback === undefined ? value : replaceAbsent(value, constant(fallback));
    const parts = partsOf(whole);
    const unreadable = parts.find(({ kind }) => kind === 'unknown');
    const at = unreadable?.kind === 'unknown' ? unreadable.line : line;
    const isReadable = !unreadable && !parts.some(({ kind }) => kind === 'object' || kind === 'absent');
    const typed = isReadable ? asTyped(key, whole) : null;
    if (typed) this.#parameters.set(key, typed);
    else this.#leaveOpen(key, line ?? at);
  }

  #constant(key: string): Constant | undefined {
    const value = this.#parameters.get(key);
    return value && !isOpen(value) && value.kind === 'constant' ? value.value : undefined;
  }

  /** The first PHP generation keeps the version apart: `/api` and `/v2` (protocol §1.4). */
  #joinLegacyConnecPath(): void {
    const version = this.#parameters.get('connec.v2_path');
    const base = this.#constant('connec.base_path');
    const suffix = this.#constant('connec.v2_path');
    this.#parameters.delete('connec.v2_path');
    if (!version || !this.#parameters.has('connec.base_path')) return;
    if (typeof base !== 'string' || typeof suffix !== 'string') {
      this.#leaveOpen('connec.base_path', this.#settings.get('connec.base_path')?.line ?? null);
      return;
    }
    const trimmed = base.replace(/\/+$/, '');
    if (!trimmed.endsWith(suffix)) this.#parameters.set('connec.base_path', constant(trimmed + suffix));
  }

  /** Any name that is not a production one means the sandbox there (protocol §1.4). */
  #nameDotnetPreset(): void {
    const environment = this.#constant('environment');
    if (typeof environment !== 'string' || /^(?:production(?:-sandbox)?|test)$/i.test(environment)) return;
    this.#parameters.set('environment', constant('test'));
    this.#notes.push({
      subject: 'environment',
      theirs: `"${environment}" means the sandbox`,
      ours: '"test" is its name',
    });
  }

  /** What the source replaces in the SDK's table holds where the marketplace itself says nothing. */
  #applyChangedPresets(): void {
    const { presets } = this.source;
    const environment = this.#parameters.get('environment');
    const changed = [...presets.values()].flatMap((preset) => [...preset]);
    for (const [name, { line }] of new Map(changed)) {
      if (name === '…') {
        // Any of them may have been replaced.
        for (const key of PRESET_PARAMETERS) if (!this.#settings.has(key)) this.#leaveOpen(key, line);
      } else if (this.#settings.has(name) || name === 'connec.v2_path') continue;
      else if (!environment || isOpen(environment)) this.#leaveOpen(name, line);
      else {
        const value = [...presets].reduce<Value>((other, [preset, entries]) => {
          const own = entries.get(name)?.value;
          return own ? choice(equal(environment, constant(preset), 0), own, other) : other;
        }, ABSENT);
        if (value.kind !== 'absent') this.#set(name, value, line);
      }
    }
  }

  #leaveOpen(key: string, line: number | null): void {
    this.#parameters.set(key, { place: this.source.file + (line === null ? '' : ` line ${line}`) });
  }

  #addDefaults(): void {
    for (const [key, value] of Object.entries(SDK_DEFAULTS[this.#sdk])) {
      // What the source sets to nothing is nothing there as well.
      if (this.#parameters.has(key) || this.#settings.has(key)) continue;
      if (this.several && OWN_PATHS.has(key)) {
        const theirs = `"${value}" by default, for every marketplace`;
        this.#notes.push({
          subject: key,
          theirs,
          ours: 'left out: the default has the name of the marketplace',
        });
        continue;
      }
      this.#parameters.set(key, constant(value));
      this.#notes.push({
        subject: key,
        theirs: `"${value}" by default`,
        ours: 'written down, so that nothing changes',
      });
    }
  }

  #addPreset(): void {
    if (this.#sdk === 'ruby' && !this.#settings.has('environment')) this.#openRubyEnvironment();
    const environment = this.#constant('environment');
    if (typeof environment !== 'string') return;
    const isRubyLocal = this.#sdk === 'ruby' && environment === 'local';
    if (isRubyLocal && !this.#parameters.has('api.host')) {
      this.#parameters.set('api.host', {
        place: 'the SDK: http://localhost:3001 from 1.0 on, http://application.maestrano.io before',
      });
    }
    for (const [key, value] of Object.entries(SDK_PRESETS[this.#sdk][environment] ?? {})) {
      if (this.#parameters.has(key) || this.#settings.has(key)) continue;
      this.#parameters.set(key, constant(value));
      const theirs = `"${value}" in the preset "${environment}"`;
      this.#notes.push({ subject: key, theirs, ours: 'written down, so that nothing changes' });
    }
  }

  /** Without a name, the preset is another in each generation of the Ruby SDK (protocol §1.4). */
  #openRubyEnvironment(): void {
    if (PRESET_PARAMETERS.every((key) => this.#parameters.has(key))) return;
    this.#parameters.set('environment', {
      place: "the SDK: 'production' from 1.0 on, 'test' before",
    });
  }
}

function replaceAbsent(value: Value, replacement: Value): Value {
  if (value.kind === 'absent') return replacement;
  if (value.kind !== 'choice') return value;
  return {
    ...value,
    yes: replaceAbsent(value.yes, replacement),
    no: replaceAbsent(value.no, replacement),
  };
}

const SWITCH = /\.(?:enabled|slo_enabled|external_ids)$/;

/** Properties and XML hold texts only: switches and times become what they mean. Null for what cannot be one. */
function asTyped(key: string, value: Value): Value | null {
  if (value.kind === 'list') return /(?:keys?|x509_\w+)$/.test(key) ? value : null;
  if (value.kind === 'choice') {
    const [yes, no] = [asTyped(key, value.yes), asTyped(key, value.no)];
    return yes && no ? { ...value, yes, no } : null;
  }
  const isSwitch = SWITCH.test(key) || key.startsWith(`${SUBSCRIPTIONS}.`);
  if (isSwitch) return asSwitch(value);
  if (key === 'connec.timeout') return asNumber(value);
  if (key === 'sso.creation_mode' || key === 'sso.protocol') return value.kind === 'constant' ? value : null;
  return value;
}

function asSwitch(value: Value): Value | null {
  if (['equal', 'present', 'not', 'both', 'either'].includes(value.kind)) return value;
  if (value.kind !== 'constant') return null;
  if (typeof value.value !== 'string' || !/^(?:true|false)$/i.test(value.value)) return value;
  return constant(value.value.toLowerCase() === 'true');
}

function asNumber(value: Value): Value | null {
  if (value.kind !== 'constant') return null;
  return typeof value.value === 'string' && Number.isFinite(Number(value.value))
    ? constant(Number(value.value))
    : value;
}

/** The parameters as nested objects in our spelling: `sso.init_path` becomes `{ sso: { initPath } }`. */
export function toInput<T>(
  { name, parameters }: ImportedMarketplace,
  print: (value: Value | OpenParameter, key: string) => T | undefined,
): Record<string, unknown> {
  const input: Record<string, unknown> = { marketplace: name };
  for (const [key, value] of parameters) {
    const printed = print(value, key);
    if (printed === undefined) continue;
    const isSubscription = key.startsWith(`${SUBSCRIPTIONS}.`);
    const parts = isSubscription ? SUBSCRIPTIONS.split('.') : key.split('.').slice(0, -1);
    let section = input;
    for (const part of parts) section = (section[part] ??= {}) as Record<string, unknown>;
    section[isSubscription ? key.slice(SUBSCRIPTIONS.length + 1) : camelCase(key.split('.').at(-1)!)] =
      printed;
  }
  return input;
}

/** What is known of a value here and now; undefined where a variable is not set. */
export function presentValue(
  value: Value | OpenParameter,
  env: Readonly<Record<string, string | undefined>>,
): unknown {
  if (isOpen(value)) return undefined;
  if (value.kind !== 'list') return resolve(value, env);
  const items = value.items.map((item) => resolve(item, env));
  return items.includes(undefined) ? undefined : items;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, character: string) => character.toUpperCase());
}
