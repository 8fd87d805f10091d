import { CliError } from '../../errors/cli.error.js';
import type { SyncImportedLink } from '../../sync/import-links.js';
import { singularOf } from '../../utils/singular.js';

/** A row of `id_maps` of connector-rails that is taken, and where it stood. */
export interface IdMap extends SyncImportedLink {
  /** In small letters, without blanks and underscores. */
  readonly connecEntity: string;
}

/** What a dump holds. */
export interface IdMaps {
  readonly rows: readonly IdMap[];
  /** Rows with one id only: nothing is linked by them. */
  readonly halves: number;
}

const REQUIRED = ['connec_id', 'external_id', 'connec_entity'] as const;

/**
 * Reads a dump of connector-rails' `id_maps` (synchronization §1): CSV with a line of names, separated by commas or
 * semicolons, quoted as RFC 4180 has it. Columns that are not known are left alone.
 *
 * @throws CliError `cli.file`
 */
export function readIdMaps(text: string): IdMaps {
  const [names = [], ...lines] = readCsv(text.replace(/^\uFEFF/, ''));
  const columns = new Map(names.map((name, index) => [name.trim().toLowerCase(), index]));
  const missing = REQUIRED.filter((name) => !columns.has(name));
  if (missing.length > 0) {
    throw new CliError('cli.file', {
      message: `The dump has no column ${missing.join(' and no ')}.`,
      remedy: 'Export the table id_maps with a line of names.',
    });
  }
  const rows: IdMap[] = [];
  let halves = 0;
  for (const [index, line] of lines.entries()) {
    if (line.length !== names.length) {
      throw new CliError('cli.file', {
        message: `Row ${index + 2} of the dump has ${line.length} values for ${names.length} names.`,
        remedy: 'Export it again, with values in quotes that hold the separator.',
      });
    }
    const cell = (name: string): string => (line[columns.get(name) ?? -1] ?? '').trim();
    const [connec, app] = [valueOf(cell('connec_id')), valueOf(cell('external_id'))];
    if (connec === null || app === null) {
      halves += 1;
      continue;
    }
    rows.push({
      connecEntity: squashed(cell('connec_entity')),
      app,
      connec,
      toConnec: flag(cell('to_connec'), true),
      toApp: flag(cell('to_external'), true),
      inactive: flag(cell('external_inactive'), false),
    });
  }
  return { rows, halves };
}

/**
 * Names under which connector-rails has a resource, as {@link IdMap.connecEntity} has them: it writes them in small letters, of most in
 * the singular, and with a blank between words ("tax code").
 */
export function connectorNamesOf(resource: string): readonly string[] {
  return [resource, singularOf(resource)].map(squashed);
}

function squashed(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/gu, '');
}

/** Databases write nothing in different ways. */
function valueOf(text: string): string | null {
  return text === '' || /^(?:null|\\N)$/i.test(text) ? null : text;
}

function flag(text: string, otherwise: boolean): boolean {
  if (/^(?:1|t|true|yes)$/i.test(text)) return true;
  return /^(?:0|f|false|no)$/i.test(text) ? false : otherwise;
}

/** Lines of cells. */
function readCsv(text: string): string[][] {
  const names = text.slice(0, text.search(/[\r\n]|$/u)).replace(/"[^"]*"/gu, '');
  const separator = names.includes(';') && !names.includes(',') ? ';' : ',';
  const lines: string[][] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  const endLine = (): void => {
    cells.push(cell);
    if (cells.length > 1 || cell !== '') lines.push(cells);
    cells = [];
    cell = '';
  };
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]!;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[index + 1] === '"') {
        cell += '"';
        index += 1;
      } else quoted = false;
    } else if (character === '"' && cell === '') quoted = true;
    else if (character === separator) {
      cells.push(cell);
      cell = '';
    } else if (character === '\n') endLine();
    else if (character !== '\r') cell += character;
    else if (text[index + 1] !== '\n') endLine();
  }
  if (quoted) {
    throw new CliError('cli.file', {
      message: 'The dump ends inside of a quoted value.',
      remedy: 'Export it again.',
    });
  }
  endLine();
  return lines;
}
