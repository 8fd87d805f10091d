import { CliError } from '../../../errors/cli.error.js';
import type { JsonObject } from '../../../interfaces/marketplace-input.interface.js';
import { isRecord } from '../../../utils/values.js';
import type { ImportedPlatform, ImportedSource, ReaderContext } from '../imported-source.js';

/**
 * Reads the developer platform's body, a `maestrano.json` of the PHP SDK, or its `dev-platform.json`. Comments after
 * `#` or `//`, as documentation shows them, are left out.
 */
export function readJson(source: string, context: ReaderContext): ImportedSource {
  const body = parse(source, context.file);
  const platform = platformOf(body);
  const list = body['marketplaces'];
  if (list === undefined) {
    const marketplaces = new Map(platform ? [] : [[nameOf(body) ?? context.defaultName, body]]);
    return {
      file: context.file,
      sdk: platform ? 'php' : sdkOf(body),
      marketplaces,
      platform,
      unreadable: [],
    };
  }
  const entries = (Array.isArray(list) ? (list as unknown[]) : [list]).filter(isRecord);
  const marketplaces = new Map(
    entries.map((entry, index) => [nameOf(entry) ?? `${context.defaultName}-${index + 1}`, entry]),
  );
  return { file: context.file, sdk: 'platform', marketplaces, platform, unreadable: [] };
}

/** The developer platform's part of a configuration, in the spellings of protocol §2.3. */
export function platformOf(body: JsonObject): ImportedPlatform | null {
  const server = body['dev-platform'] ?? body['dev_platform'] ?? body['devPlatform'];
  if (!isRecord(server)) return null;
  const environment = isRecord(body['environment']) ? body['environment'] : {};
  const pick = (from: JsonObject, ...names: string[]): string | undefined =>
    names
      .map((name) => from[name])
      .find((value): value is string => typeof value === 'string' && value !== '');
  return {
    host: pick(server, 'host'),
    apiPath: pick(server, 'api_path', 'apiPath'),
    name: pick(environment, 'name'),
    apiKey: pick(environment, 'api_key', 'apiKey'),
    apiSecret: pick(environment, 'api_secret', 'apiSecret'),
  };
}

function nameOf({ marketplace }: JsonObject): string | null {
  return typeof marketplace === 'string' ? marketplace : null;
}

/** A body with `webhooks` is the platform's generation; `webhook` is the PHP SDK's own file. */
function sdkOf(body: JsonObject): ImportedSource['sdk'] {
  return 'webhooks' in body ? 'platform' : 'php';
}

function parse(source: string, file: string): JsonObject {
  for (const text of [source, withoutComments(source)]) {
    try {
      const body: unknown = JSON.parse(text);
      if (isRecord(body)) return body;
      if (Array.isArray(body)) return { marketplaces: body as unknown[] };
    } catch {
      continue;
    }
  }
  throw new CliError('cli.format', {
    message: `${file} is not JSON.`,
    remedy: 'Give a file of an official SDK or of the platform.',
  });
}

/** Texts are kept whole: a certificate or a URL may hold `//`. */
function withoutComments(source: string): string {
  return source.replace(/"(?:[^"\\]|\\.)*"|#[^\n]*|\/\/[^\n]*/g, (part) =>
    part.startsWith('"') ? part : '',
  );
}
