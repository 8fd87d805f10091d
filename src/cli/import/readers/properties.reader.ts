import { constant, type Value } from '../evaluation/values.js';
import { type ImportedSource, plainSource, platformFrom, type ReaderContext } from '../imported-source.js';
import { settingsOf } from '../settings.js';

/** Reads a properties file of the Java SDK: one marketplace, or the developer platform (protocol §1.8, §2.3). */
export function readProperties(source: string, context: ReaderContext): ImportedSource {
  const values = parseProperties(source);
  const isPlatform = [...values.keys()].some((key) => key.startsWith('dev-platform.'));
  const pick = (...names: string[]): Value | undefined => {
    const text = names.map((name) => values.get(name)).find((found) => found !== undefined && found !== '');
    return text === undefined ? undefined : constant(text);
  };
  const own = [...values].filter(([key]) => !isPlatform || !/^(?:dev-platform|environment)\./.test(key));
  const name = values.get('marketplace') ?? context.defaultName;
  return plainSource({
    file: context.file,
    sdk: 'java',
    marketplaces: new Map(own.length > 0 ? [[name, settingsOf(Object.fromEntries(own))]] : []),
    platform: isPlatform
      ? platformFrom(context.file, {
          host: pick('dev-platform.host'),
          // The SDK's own documentation names a key that it does not read.
          apiPath: pick('dev-platform.apiPath', 'dev-platform.api_path'),
          name: pick('environment.name'),
          apiKey: pick('environment.apiKey'),
          apiSecret: pick('environment.apiSecret'),
        })
      : null,
  });
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' };

/** The format of `java.util.Properties`: comments, three separators, continued lines, escapes. */
export function parseProperties(source: string): Map<string, string> {
  const values = new Map<string, string>();
  const joined = source.replace(/((?:^|[^\\])(?:\\\\)*)\\\r?\n[ \t]*/g, '$1');
  for (const line of joined.split(/\r?\n/)) {
    const entry = /^\s*((?:[^\\\s:=#!]|\\.)(?:[^\\\s:=]|\\.)*)\s*[:=]?\s*(.*)$/.exec(line);
    if (entry) values.set(unescape(entry[1]!), unescape(entry[2]!).trim());
  }
  return values;
}

function unescape(text: string): string {
  return text.replace(/\\(?:u([\da-fA-F]{4})|(.))/g, (_, code: string | undefined, character: string) =>
    code ? String.fromCharCode(Number.parseInt(code, 16)) : (ESCAPES[character] ?? character),
  );
}
