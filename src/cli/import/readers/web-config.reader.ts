import { SaxesParser } from 'saxes';

import { CliError } from '../../../errors/cli.error.js';
import type { Settings } from '../evaluation/state.js';
import { constant, type Value } from '../evaluation/values.js';
import {
  type ImportedPlatform,
  type ImportedSource,
  plainSource,
  platformFrom,
  type ReaderContext,
} from '../imported-source.js';
import { settingsOf } from '../settings.js';

/** Sections of one marketplace; any other element below `maestrano` is a preset. */
const SECTIONS = new Set(['app', 'api', 'sso', 'connec', 'webhook', 'webhooks']);

type Node = { [name: string]: string | Node };

/**
 * Reads a Web.config of the .NET SDK (protocol §1.8, §2.3): the group `maestrano`, the further groups that
 * `configSections` declares with the SDK's sections, each a marketplace, and `maestranoDevPlatform`.
 *
 * @throws CliError `cli.format` for what is not XML
 */
export function readWebConfig(source: string, context: ReaderContext): ImportedSource {
  const { maestranoDevPlatform, ...groups } = parseGroups(source, context.file);
  const marketplaces = new Map<string, Settings>();
  for (const [group, own] of Object.entries(groups)) {
    if (typeof own === 'string') continue;
    const entries = Object.entries(own);
    const direct = entries.filter(([name, value]) => SECTIONS.has(name) || typeof value === 'string');
    const name = group === 'maestrano' ? context.defaultName : group;
    if (direct.length > 0) marketplaces.set(name, settingsOf(withSubscriptions(Object.fromEntries(direct))));
    for (const [preset, value] of entries) {
      if (SECTIONS.has(preset) || typeof value === 'string') continue;
      marketplaces.set(preset, settingsOf(withSubscriptions(value)));
    }
  }
  return plainSource({
    file: context.file,
    sdk: 'dotnet',
    marketplaces,
    platform: platformOf(maestranoDevPlatform, context.file),
  });
}

/** The SDK keeps subscriptions in a section beside `connec`. */
function withSubscriptions(group: Node): Node {
  const webhook = group['webhook'];
  if (typeof webhook !== 'object' || typeof webhook['connecSubscriptions'] !== 'object') return group;
  const { connecSubscriptions, ...rest } = webhook;
  const connec = typeof rest['connec'] === 'object' ? rest['connec'] : {};
  return { ...group, webhook: { ...rest, connec: { ...connec, subscriptions: connecSubscriptions } } };
}

function platformOf(section: string | Node | undefined, file: string): ImportedPlatform | null {
  if (!section || typeof section === 'string') return null;
  const environment = typeof section['environment'] === 'object' ? section['environment'] : {};
  const text = (from: Node, name: string): Value | undefined => {
    const found = from[name];
    return typeof found === 'string' && found !== '' ? constant(found) : undefined;
  };
  return platformFrom(file, {
    host: text(section, 'host'),
    apiPath: text(section, 'apiPath'),
    name: text(environment, 'name'),
    apiKey: text(environment, 'apiKey'),
    apiSecret: text(environment, 'apiSecret'),
  });
}

/** The type of a section of the SDK, as `configSections` declares it. */
const SDK_SECTION = /^Maestrano\.Configuration\./;

/** The SDK's groups as objects: attributes are texts, child elements objects. Everything else is skipped. */
function parseGroups(source: string, file: string): Node {
  const root: Node = {};
  const path: (Node | null)[] = [];
  const declaring: string[] = [];
  const groups = new Set(['maestrano', 'maestranoDevPlatform']);
  const parser = new SaxesParser({ fileName: file });
  parser.on('opentag', ({ name, attributes }) => {
    const texts = attributes as Record<string, string>;
    if (name === 'sectionGroup') declaring.push(texts['name'] ?? '');
    if (name === 'section' && declaring[0] && SDK_SECTION.test(texts['type'] ?? '')) groups.add(declaring[0]);
    const parent = path.at(-1);
    const holder = parent ?? (groups.has(name) ? root : null);
    if (!holder) {
      path.push(null);
      return;
    }
    const node: Node = { ...texts };
    holder[name] = node;
    path.push(node);
  });
  parser.on('closetag', ({ name }) => {
    if (name === 'sectionGroup') declaring.pop();
    path.pop();
  });
  parser.on('error', (error) => {
    throw new CliError('cli.format', {
      message: `${file} is not XML: ${error.message}`,
      remedy: 'Give the Web.config as it is.',
    });
  });
  parser.write(source.replace(/^\uFEFF/, '')).close();
  return root;
}
