import type { ImportedPlatform } from './imported-source.js';
import { type ImportedMarketplace, toInput } from './imported-marketplace.js';

/** A secret that leaves the configuration for the environment. */
export interface EnvironmentEntry {
  readonly name: string;
  readonly value: string;
}

/** The two files of an import. */
export interface WrittenConfiguration {
  /** TypeScript without any secret. */
  readonly module: string;
  /** What the module reads from the environment. */
  readonly environment: readonly EnvironmentEntry[];
}

/** Stands in the module where an expression belongs. */
class Expression {
  constructor(readonly source: string) {}
}

/** Writes our configuration: a TypeScript module, and the secrets apart from it. */
export function writeConfiguration(
  marketplaces: readonly ImportedMarketplace[],
  platform: ImportedPlatform | null,
  from: readonly string[],
): WrittenConfiguration {
  const environment: EnvironmentEntry[] = [];
  const secret = (name: string, value: string): Expression => {
    environment.push({ name, value });
    return new Expression(`process.env['${name}'] ?? ''`);
  };
  const parts = [`// Written by \`nestjs-maestrano import\` from ${from.join(', ')}. Holds no secret.`];
  const types = [
    ...(platform ? ['DeveloperPlatformOptions'] : []),
    ...(marketplaces.length > 0 ? ['MarketplaceInput'] : []),
  ];
  parts.push(`import type { ${types.join(', ')} } from 'nestjs-maestrano';`);
  if (marketplaces.length > 0) {
    const inputs = marketplaces.map((marketplace) =>
      withSecrets(marketplace, marketplaces.length > 1, secret),
    );
    parts.push(
      `/** For the \`marketplaces\` option. */\nexport const marketplaces: readonly MarketplaceInput[] = ${literal(inputs)};`,
    );
  }
  if (platform) {
    const options = {
      ...(platform.host ? { host: platform.host } : {}),
      ...(platform.apiPath ? { apiPath: platform.apiPath } : {}),
      apiKey: secret('MNO_DEVPL_ENV_KEY', platform.apiKey ?? ''),
      apiSecret: secret('MNO_DEVPL_ENV_SECRET', platform.apiSecret ?? ''),
    };
    parts.push(
      `/** For the \`developerPlatform\` option. */\nexport const developerPlatform: DeveloperPlatformOptions = ${literal(options)};`,
    );
  }
  return { module: `${parts.join('\n\n')}\n`, environment };
}

/** The environment file: one `NAME=value` a line, quoted where a shell would split or expand. */
export function writeEnvironment(entries: readonly EnvironmentEntry[]): string {
  return entries
    .map(
      ({ name, value }) =>
        `${name}=${/^[\w.:/@+=-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`}\n`,
    )
    .join('');
}

function withSecrets(
  marketplace: ImportedMarketplace,
  several: boolean,
  secret: (name: string, value: string) => Expression,
): Record<string, unknown> {
  const input = toInput(marketplace);
  const api = input['api'] as Record<string, unknown> | undefined;
  if (!api) return input;
  const suffix = several ? `_${marketplace.name.replace(/\W+/g, '_').toUpperCase()}` : '';
  const keys = [api['key'], ...(Array.isArray(api['keys']) ? (api['keys'] as unknown[]) : [])]
    .flat()
    .filter((key): key is string => typeof key === 'string');
  const expressions = keys.map((key, index) =>
    secret(`MAESTRANO_API_KEY${suffix}${index > 0 ? `_${index + 1}` : ''}`, key),
  );
  const { keys: _keys, key: _key, ...rest } = api;
  return {
    ...input,
    api: {
      ...rest,
      key:
        expressions.length > 1 ? expressions : (expressions[0] ?? secret(`MAESTRANO_API_KEY${suffix}`, '')),
    },
  };
}

const PLAIN_KEY = /^[A-Za-z_$][\w$]*$/;

/** A value as TypeScript, two spaces a level. */
function literal(value: unknown, indent = ''): string {
  const inner = `${indent}  `;
  if (value instanceof Expression) return value.source;
  if (typeof value === 'string') return text(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) {
    const items = (value as unknown[]).map((item) => `${inner}${literal(item, inner)},\n`);
    return items.length === 0 ? '[]' : `[\n${items.join('')}${indent}]`;
  }
  const entries = Object.entries(value).map(
    ([key, child]) => `${inner}${PLAIN_KEY.test(key) ? key : text(key)}: ${literal(child, inner)},\n`,
  );
  return entries.length === 0 ? '{}' : `{\n${entries.join('')}${indent}}`;
}

function text(value: string): string {
  return `'${JSON.stringify(value)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", "\\'")
    .replace(/[\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`)}'`;
}
