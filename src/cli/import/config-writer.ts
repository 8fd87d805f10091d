import { type Constant, partsOf, type Value } from './evaluation/values.js';
import { literal, printExpression } from './expressions.js';
import { type ImportedMarketplace, isOpen, type OpenParameter, toInput } from './imported-marketplace.js';

/** A variable that the configuration reads. */
export interface EnvironmentEntry {
  readonly name: string;
  /** Null where the import does not know it. */
  readonly value: string | null;
}

/** The two files of an import. */
export interface WrittenConfiguration {
  /** TypeScript without any secret. */
  readonly module: string;
  /** What the module reads from the environment. */
  readonly environment: readonly EnvironmentEntry[];
  /** Parameters that could not be read, each with its place. */
  readonly open: readonly string[];
}

/** Stands in the module where an expression belongs. */
class Expression {
  constructor(readonly source: string) {}
}

/** Where something that is to be written is in the module. */
interface Place {
  readonly marketplace: string | null;
  readonly key: string;
}

/** How to reach the developer platform, by option; the name of the environment among it, which is never sent. */
export type PlatformSettings = ReadonlyMap<string, Value | OpenParameter>;

/** Options of which the values belong into the environment; that is where they come from without any other source. */
const PLATFORM_SECRETS: Readonly<Record<string, string>> = {
  apiKey: 'MNO_DEVPL_ENV_KEY',
  apiSecret: 'MNO_DEVPL_ENV_SECRET',
};

const HELPER = `/** Stands where the source could not be read: replace each call by the value. */
function open(parameter: string, source: string): never {
  throw new Error(\`maestrano.config.ts is not complete: fill in \${parameter}, see \${source}.\`);
}`;

/** Writes our configuration: a TypeScript module, and the secrets apart from it. */
export function writeConfiguration(
  marketplaces: readonly ImportedMarketplace[],
  platform: PlatformSettings | null,
  from: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): WrittenConfiguration {
  return new ConfigurationWriter(env).write(marketplaces, platform, from);
}

class ConfigurationWriter {
  readonly #environment = new Map<string, string | null>();
  readonly #open: string[] = [];

  constructor(private readonly env: Readonly<Record<string, string | undefined>>) {}

  write(
    marketplaces: readonly ImportedMarketplace[],
    platform: PlatformSettings | null,
    from: readonly string[],
  ): WrittenConfiguration {
    const several = marketplaces.length > 1;
    const inputs = marketplaces.map((marketplace) => this.#marketplace(marketplace, several));
    const options = platform ? this.#platform(platform) : null;
    const types = [
      ...(options ? ['DeveloperPlatformOptions'] : []),
      ...(inputs.length > 0 ? ['MarketplaceInput'] : []),
    ];
    const parts = [
      `// Written by \`nestjs-maestrano import\` from ${from.join(', ')}. Holds no secret.`,
      `import type { ${types.join(', ')} } from 'nestjs-maestrano';`,
    ];
    if (this.#open.length > 0) parts.push(HELPER);
    if (inputs.length > 0) {
      parts.push(
        `/** For the \`marketplaces\` option. */\nexport const marketplaces: readonly MarketplaceInput[] = ${print(inputs)};`,
      );
    }
    if (options) {
      parts.push(
        `/** For the \`developerPlatform\` option. */\nexport const developerPlatform: DeveloperPlatformOptions = ${print(options)};`,
      );
    }
    return {
      module: `${parts.join('\n\n')}\n`,
      environment: [...this.#environment].map(([name, value]) => ({ name, value })),
      open: this.#open,
    };
  }

  #marketplace(marketplace: ImportedMarketplace, several: boolean): Record<string, unknown> {
    const { name, parameters } = marketplace;
    const suffix = several ? `_${name.replace(/\W+/g, '_').toUpperCase()}` : '';
    const secret = this.#secrets(`MAESTRANO_API_KEY${suffix}`);
    const keys = ['api.key', 'api.keys'].flatMap((key): (Value | OpenParameter)[] => {
      const value = parameters.get(key);
      if (!value) return [];
      return isOpen(value) || value.kind !== 'list' ? [value] : [...value.items];
    });
    const plain = [...parameters].filter(([key]) => key !== 'api.key' && key !== 'api.keys');
    const input = toInput({ ...marketplace, parameters: new Map(plain) }, (value, key) =>
      this.#parameter(value, { marketplace: name, key }),
    );
    const place = { marketplace: name, key: 'api.key' };
    const printed = keys.map((key) => this.#parameter(key, place, secret));
    if (printed.length === 0) return input;
    const api = (input['api'] ?? {}) as Record<string, unknown>;
    return { ...input, api: { ...api, key: printed.length > 1 ? printed : printed[0] } };
  }

  #platform(platform: PlatformSettings): Record<string, unknown> {
    const options: Record<string, unknown> = {};
    for (const key of ['host', 'apiPath', 'apiKey', 'apiSecret']) {
      const variable = PLATFORM_SECRETS[key];
      const value = platform.get(key) ?? (variable && { kind: 'environment' as const, name: variable });
      if (!value) continue;
      const place = { marketplace: null, key: `developerPlatform.${key}` };
      options[key] = this.#parameter(value, place, variable ? this.#secrets(variable) : undefined);
    }
    return options;
  }

  #parameter(
    value: Value | OpenParameter,
    { marketplace, key }: Place,
    constantOf?: (constant: Constant) => string,
  ): Expression {
    if (isOpen(value)) {
      const subject = marketplace === null ? key : `"${marketplace}" ${key}`;
      this.#open.push(`${subject}: ${value.place}`);
      return new Expression(`open(${literal(subject)}, ${literal(value.place)})`);
    }
    for (const part of partsOf(value)) {
      if (part.kind !== 'environment') continue;
      const known = this.#environment.get(part.name) ?? this.env[part.name] ?? null;
      this.#environment.set(part.name, known);
    }
    if (value.kind === 'list') {
      const items = value.items.map((item) => printExpression(item, constantOf));
      return new Expression(`[${items.join(', ')}]`);
    }
    return new Expression(printExpression(value, constantOf));
  }

  /** Moves each constant into a variable of its own: `NAME`, `NAME_2`, … */
  #secrets(name: string): (constant: Constant) => string {
    const names = new Map<string, string>();
    return (constant) => {
      const text = String(constant);
      let own = names.get(text);
      if (own === undefined) {
        own = names.size === 0 ? name : `${name}_${names.size + 1}`;
        names.set(text, own);
        this.#environment.set(own, text);
      }
      return `process.env['${own}'] ?? ''`;
    };
  }
}

/** The environment file: one `NAME=value` a line, quoted where a shell would split or expand; unknown ones in comments. */
export function writeEnvironment(entries: readonly EnvironmentEntry[]): string {
  return entries
    .map(({ name, value }) =>
      value === null
        ? `# ${name}= is read as well; the import does not know it\n`
        : `${name}=${quoted(value)}\n`,
    )
    .join('');
}

function quoted(value: string): string {
  if (/^[\w.:/@+=-]*$/.test(value)) return value;
  return `'${value.replaceAll("'", "'\\''")}'`;
}

const PLAIN_KEY = /^[A-Za-z_$][\w$]*$/;

/** A value as TypeScript, two spaces a level. */
function print(value: unknown, indent = ''): string {
  const inner = `${indent}  `;
  if (value instanceof Expression) return value.source;
  if (typeof value === 'string') return literal(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) {
    const items = (value as unknown[]).map((item) => `${inner}${print(item, inner)},\n`);
    return items.length === 0 ? '[]' : `[\n${items.join('')}${indent}]`;
  }
  const entries = Object.entries(value).map(
    ([key, child]) => `${inner}${PLAIN_KEY.test(key) ? key : literal(key)}: ${print(child, inner)},\n`,
  );
  return entries.length === 0 ? '{}' : `{\n${entries.join('')}${indent}}`;
}
