import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

import { CliError } from '../../errors/cli.error.js';
import type { SyncImportResult } from '../../sync/import-links.js';
import { errorCode } from '../../utils/error-code.js';
import { decodeText } from '../../utils/foreign-json.js';
import type { CliCommand } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { connectorNamesOf, readIdMaps } from './id-maps.js';
import { report, type SyncCommandOptions, withSync } from './sync-session.js';

/** `sync import-id-maps`: which records belong together, as connector-rails knew it. */
export function importIdMapsCommand(command: CliCommand): CliCommand {
  return command
    .description(
      'Takes over which records belong together from connector-rails: a dump (CSV) of its table id_maps for one organization. Records that are equal are written nowhere by the first run.',
    )
    .argument('<company>', 'id of the company (cld-4), or MARKETPLACE/COMPANY with several marketplaces')
    .argument('<file>', 'the dump, with a line of names')
    .does<SyncCommandOptions>(async (at, options, [company = '', file = '']) => {
      const { rows, halves } = readIdMaps(await readText(at, file));
      // The connector knew it, and we may not yet.
      return withSync(at, { ...options, mayBeNew: true }, company, async ({ sync, group, entities }) => {
        const known = new Map<string, string>();
        for (const entity of entities) {
          for (const name of connectorNamesOf(sync.resourceOf(entity))) {
            if ((known.get(name) ?? entity) !== entity) throw twoOf(sync.resourceOf(entity));
            known.set(name, entity);
          }
        }
        const operations = await sync.operations(group);
        const results: Record<string, SyncImportResult> = {};
        for (const entity of entities) {
          const links = rows.filter(({ connecEntity }) => known.get(connecEntity) === entity);
          results[entity] = await operations.importLinks(entity, links);
        }
        const others = rows.filter(({ connecEntity }) => !known.has(connecEntity)).length;
        return report(at, options.json, { entities: results, halves, others }, [
          ...Object.entries(results).map(
            ([entity, { linked, known: there, erased, conflicts }]) =>
              `${entity}: ${linked} linked, ${there} known, ${erased} erased, ${conflicts.length} contradict what is there`,
          ),
          `${halves} rows with one id only, ${others} of other entities`,
        ]);
      });
    });
}

/** The dump does not say which of them a row is of. */
function twoOf(resource: string): CliError {
  return new CliError('cli.usage', {
    message: `Several entities are ${resource} at Connec!.`,
    remedy: 'Split the dump, and give --entity with each part.',
  });
}

async function readText(io: CliIo, file: string): Promise<string> {
  try {
    return decodeText(await readFile(resolve(io.cwd, file)));
  } catch (error) {
    throw new CliError('cli.file', {
      message: `${basename(file)} cannot be read (${errorCode(error) ?? 'it is no text'}).`,
      remedy: 'Give a dump of id_maps as CSV.',
    });
  }
}
