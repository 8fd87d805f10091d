import type { ImportedSource, ReaderContext } from '../imported-source.js';

/**
 * Reads the Ruby SDK's `dev_platform.yml` (protocol §2.3): two levels of plain texts, with `<%= ENV['X'] %>` as Rails
 * allows it. Not a YAML parser, and none is needed for this file.
 */
export function readDeveloperPlatformYaml(source: string, context: ReaderContext): ImportedSource {
  const values = new Map<string, string>();
  let section = '';
  for (const line of source.split(/\r?\n/)) {
    const entry = /^(\s*)([\w-]+)\s*:\s*(.*?)\s*$/.exec(line.replace(/(^|\s)#.*$/, ''));
    if (!entry) continue;
    const [, indent = '', key = '', raw = ''] = entry;
    if (raw === '') section = `${key}.`;
    else values.set((indent === '' ? '' : section) + key, scalar(raw, context));
  }
  const platform = {
    host: values.get('dev_platform.host'),
    apiPath: values.get('dev_platform.api_path'),
    name: values.get('environment.name'),
    apiKey: values.get('environment.api_key'),
    apiSecret: values.get('environment.api_secret'),
  };
  return { file: context.file, sdk: 'ruby', marketplaces: new Map(), platform, unreadable: [] };
}

function scalar(raw: string, { env }: ReaderContext): string {
  const variable = /^["']?<%=\s*ENV\[\s*["'](\w+)["']\s*\]\s*%>["']?$/.exec(raw);
  if (variable) return env[variable[1]!] ?? '';
  return /^(["']).*\1$/.test(raw) ? raw.slice(1, -1) : raw;
}
