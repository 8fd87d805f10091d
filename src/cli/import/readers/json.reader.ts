import { CliError } from '../../../errors/cli.error.js';
import type { JsonObject } from '../../../interfaces/marketplace-input.interface.js';
import { parseForeignJson } from '../../../utils/foreign-json.js';
import { isRecord } from '../../../utils/values.js';
import { type Value, valueOf } from '../evaluation/values.js';
import {
  type ImportedPlatform,
  type ImportedSource,
  plainSource,
  platformFrom,
  type ReaderContext,
} from '../imported-source.js';
import { isBlank, settingsOf } from '../settings.js';

/**
 * Reads the developer platform's body, a `maestrano.json` of the PHP SDK, or its `dev-platform.json`. Comments after
 * `#` or `//`, as documentation shows them, are left out.
 *
 * @throws CliError `cli.format` for what is not JSON
 */
export function readJson(source: string, context: ReaderContext): ImportedSource {
  const body = parseJson(source, context.file);
  const platform = platformOf(valueOf(body), context.file);
  const list = body['marketplaces'];
  if (list === undefined) {
    const named = platform ? [] : [[nameOf(body) ?? context.defaultName, settingsOf(body)] as const];
    const sdk = platform ? 'php' : sdkOf(body);
    return plainSource({ file: context.file, sdk, marketplaces: new Map(named), platform });
  }
  const entries = (Array.isArray(list) ? (list as unknown[]) : [list]).filter(isRecord);
  const marketplaces = new Map(
    entries.map((entry, index) => [
      nameOf(entry) ?? `${context.defaultName}-${index + 1}`,
      settingsOf(entry),
    ]),
  );
  return plainSource({ file: context.file, sdk: 'platform', marketplaces, platform });
}

/** The developer platform's part of a configuration, in the spellings of protocol §2.3. */
export function platformOf(body: Value, file: string): ImportedPlatform | null {
  if (body.kind !== 'map') return null;
  const pick = (from: Value | undefined, ...names: string[]): Value | undefined =>
    from?.kind === 'map'
      ? names.map((name) => from.entries.get(name)).find((value) => value !== undefined && !isBlank(value))
      : undefined;
  const server = pick(body, 'dev-platform', 'dev_platform', 'devPlatform');
  if (server?.kind !== 'map') return null;
  const environment = pick(body, 'environment');
  return platformFrom(file, {
    host: pick(server, 'host'),
    apiPath: pick(server, 'api_path', 'apiPath'),
    name: pick(environment, 'name'),
    apiKey: pick(environment, 'api_key', 'apiKey'),
    apiSecret: pick(environment, 'api_secret', 'apiSecret'),
  });
}

function nameOf({ marketplace }: JsonObject): string | null {
  return typeof marketplace === 'string' ? marketplace : null;
}

/** A body with `webhooks` is the platform's generation; `webhook` is the PHP SDK's own file. */
function sdkOf(body: JsonObject): ImportedSource['sdk'] {
  return 'webhooks' in body ? 'platform' : 'php';
}

/**
 * Parses JSON, with comments left out where it needs them; a list is the list of marketplaces.
 *
 * @throws CliError `cli.format`
 */
export function parseJson(source: string, file: string): JsonObject {
  for (const text of [source, withoutComments(source)]) {
    try {
      const body = parseForeignJson(text);
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
