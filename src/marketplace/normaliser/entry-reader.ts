import { createHmac, randomBytes } from 'node:crypto';

import type { ConfigurationProblem } from '../../errors/configuration.error.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { deepFreeze } from '../../utils/deep-freeze.js';
import { serialiseMarketplace } from '../marketplace-serialiser.js';
import { findPreset } from './environment-presets.js';
import { flattenParameters } from './key-normaliser.js';
import { SECTIONS, isKnownParameter, knownBeside } from './parameter-names.js';
import { ParameterReader, type ReadingContext } from './parameter-reader.js';
import { ProblemCollector, printable } from './problem-collector.js';
import { readApi, readApp, readConnec, readWebhooks } from './section-readers.js';
import { readSso } from './sso-reader.js';
import type { CertificateCache } from './trust-reader.js';

/** One entry of the configuration, read. */
export interface ReadEntry {
  /** Null when the entry has no usable name. */
  readonly name: string | null;
  /** Null when something is missing that nothing works without. */
  readonly marketplace: Marketplace | null;
  readonly problems: readonly ConfigurationProblem[];
}

/** Part of routes, store keys and injection tokens. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._~-]{0,99}$/u;

/** Keyed, so that nobody who sees a revision can try out keys against it. */
const REVISION_KEY = randomBytes(32);

/** Reads one entry of any generation and spelling into a frozen snapshot (protocol §1.7). Never throws. */
export function readEntry(
  entry: object,
  context: ReadingContext,
  cache: CertificateCache = new Map(),
  fallbackName: string | null = null,
): ReadEntry {
  const problems = new ProblemCollector();
  const reader = new ParameterReader(flattenParameters(entry), problems, context);
  const name = readName(reader, fallbackName);
  if (name === null) return { name, marketplace: null, problems: problems.problems };
  problems.marketplace = name;
  const marketplace = readMarketplace(reader, name, cache);
  tellUnknownKeys(reader);
  return { name, marketplace, problems: problems.problems };
}

function readName(reader: ParameterReader, fallback: string | null): string | null {
  const name = reader.text('marketplace') ?? fallback;
  if (name !== null && NAME.test(name)) return name;
  reader.problems.report({
    code: 'configuration.name',
    key: 'marketplace',
    ...(name === null ? {} : { found: name }),
    message:
      name === null ? 'The entry has no name.' : 'The name holds characters that cannot stand in a route.',
    remedy: 'Name the marketplace with letters, digits, ".", "_", "~" and "-", such as "maestrano-uat".',
  });
  return null;
}

function readMarketplace(reader: ParameterReader, name: string, cache: CertificateCache): Marketplace | null {
  const environment = reader.text('environment');
  const preset = findPreset(environment, name);
  const app = readApp(reader);
  const api = readApi(reader, preset);
  const connec = readConnec(reader, preset);
  const webhooks = readWebhooks(reader, name);
  const nid = reader.text('nid');
  // Read even when the rest is unusable, so that everything wrong is told at once.
  const hosts = { appHost: app?.host ?? 'http://localhost', apiHost: api?.host ?? 'http://localhost' };
  const sso = readSso(reader, { marketplace: name, ...hosts, preset }, cache);
  if (!app || !api) return null;
  return sealMarketplace({ name, nid, environment, app, api, sso, connec, webhooks });
}

/** Freezes a marketplace and gives it its revision. */
export function sealMarketplace(marketplace: Omit<Marketplace, 'revision'>): Marketplace {
  const text = JSON.stringify(serialiseMarketplace(marketplace));
  const revision = createHmac('sha256', REVISION_KEY).update(text).digest('base64');
  return deepFreeze({ ...marketplace, revision });
}

function tellUnknownKeys(reader: ParameterReader): void {
  for (const [name, found] of reader.parameters) {
    if (SECTIONS.has(name)) {
      reader.problems.report({
        code: 'configuration.value',
        key: name,
        found: typeof found === 'object' ? found : typeof found,
        message: 'The section is not an object.',
        remedy: 'Write an object with the parameters of the section.',
      });
    } else if (!isKnownParameter(name)) {
      reader.problems.report({
        code: 'configuration.unknownKey',
        severity: 'warning',
        key: printable(name),
        message: 'Nobody reads this parameter.',
        remedy: spellingRemedy(name),
      });
    }
  }
}

function spellingRemedy(name: string): string {
  const known = knownBeside(name);
  return `Check its spelling, or remove it.${known.length > 0 ? ` Known here: ${known.join(', ')}.` : ''}`;
}
