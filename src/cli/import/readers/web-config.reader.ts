import { SaxesParser } from 'saxes';

import { CliError } from '../../../errors/cli.error.js';
import type { JsonObject } from '../../../interfaces/marketplace-input.interface.js';
import type { ImportedPlatform, ImportedSource, ReaderContext } from '../imported-source.js';

/** Sections of one marketplace; any other element below `maestrano` is a preset. */
const SECTIONS = new Set(['app', 'api', 'sso', 'connec', 'webhook', 'webhooks']);

type Node = { [name: string]: string | Node };

/** Reads a Web.config of the .NET SDK: the groups `maestrano` and `maestranoDevPlatform` (protocol §1.8, §2.3). */
export function readWebConfig(source: string, context: ReaderContext): ImportedSource {
  const groups = parseGroups(source, context.file);
  const marketplaces = new Map<string, JsonObject>();
  const own = groups['maestrano'];
  if (own && typeof own !== 'string') {
    const entries = Object.entries(own);
    const direct = Object.fromEntries(
      entries.filter(([name, value]) => SECTIONS.has(name) || typeof value === 'string'),
    );
    if (Object.keys(direct).length > 0) marketplaces.set(context.defaultName, direct);
    for (const [name, value] of entries) {
      if (!SECTIONS.has(name) && typeof value !== 'string') marketplaces.set(name, value);
    }
  }
  return { file: context.file, sdk: 'dotnet', marketplaces, platform: platformOf(groups), unreadable: [] };
}

function platformOf(groups: Node): ImportedPlatform | null {
  const section = groups['maestranoDevPlatform'];
  if (!section || typeof section === 'string') return null;
  const environment = typeof section['environment'] === 'object' ? section['environment'] : {};
  const text = (from: Node, name: string): string | undefined =>
    typeof from[name] === 'string' && from[name] !== '' ? from[name] : undefined;
  return {
    host: text(section, 'host'),
    apiPath: text(section, 'apiPath'),
    name: text(environment, 'name'),
    apiKey: text(environment, 'apiKey'),
    apiSecret: text(environment, 'apiSecret'),
  };
}

/** Both groups as objects: attributes are texts, child elements objects. Everything else is skipped. */
function parseGroups(source: string, file: string): Node {
  const root: Node = {};
  const path: (Node | null)[] = [];
  const parser = new SaxesParser({ fileName: file });
  parser.on('opentag', ({ name, attributes }) => {
    const parent = path.at(-1);
    const starts = name === 'maestrano' || name === 'maestranoDevPlatform';
    const holder = parent ?? (starts ? root : null);
    if (!holder) {
      path.push(null);
      return;
    }
    const node: Node = { ...(attributes as Record<string, string>) };
    holder[name] = node;
    path.push(node);
  });
  parser.on('closetag', () => void path.pop());
  parser.on('error', (error) => {
    throw new CliError('cli.format', {
      message: `${file} is not XML: ${error.message}`,
      remedy: 'Give the Web.config as it is.',
    });
  });
  parser.write(source.replace(/^\uFEFF/, '')).close();
  return root;
}
