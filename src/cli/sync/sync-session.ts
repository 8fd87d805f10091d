import { type INestApplicationContext, Logger } from '@nestjs/common';

import type { GroupReference } from '../../adapters/maestrano-group.adapter.js';
import { CliError } from '../../errors/cli.error.js';
import { MarketplaceLoader } from '../../marketplace/marketplace-loader.js';
import { nothingKnownOf } from '../../sync/known-group.js';
import type { SyncRecordRef } from '../../sync/record-ref.js';
import { MaestranoSync } from '../../sync/sync.service.js';
import type { CommonOptions } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { openApplication } from '../open-application.js';

/** The options that every `sync` command has. */
export interface SyncCommandOptions extends CommonOptions {
  readonly app: string;
  readonly entity?: string;
}

/** The synchronization of an application, and the company that a command is about. */
export interface SyncSession {
  readonly sync: MaestranoSync;
  readonly group: GroupReference;
  /** Names of the entities that are meant. */
  readonly entities: readonly string[];
}

/** An application that synchronizes, while it is open. */
export interface SyncApplication {
  readonly app: INestApplicationContext;
  readonly sync: MaestranoSync;
  /** Names of its marketplaces. */
  readonly marketplaces: readonly string[];
}

/**
 * Opens the application, does some work with its synchronization, and closes it again. No run begins by itself.
 *
 * @throws CliError `cli.application` where it has no synchronization
 */
export async function withSyncApplication<T>(
  io: CliIo,
  file: string,
  work: (application: SyncApplication) => Promise<T>,
): Promise<T> {
  // What the application logs would stand in the report.
  Logger.overrideLogger(false);
  const { app, close } = await openApplication(file, io);
  try {
    const sync = found(() => app.get(MaestranoSync, { strict: false }));
    const marketplaces = app.get(MarketplaceLoader, { strict: false }).registry.list();
    return await work({ app, sync, marketplaces: marketplaces.map(({ name }) => name) });
  } finally {
    await close();
  }
}

/**
 * As {@link withSyncApplication}, for one company; with `mayBeNew` also for one of which nothing is known yet.
 *
 * @throws CliError `cli.application`; `cli.usage` for an unknown company or entity
 */
export function withSync<T>(
  io: CliIo,
  { app: file, entity, mayBeNew = false }: SyncCommandOptions & { readonly mayBeNew?: boolean },
  company: string,
  work: (session: SyncSession) => Promise<T>,
): Promise<T> {
  return withSyncApplication(io, file, async ({ sync, marketplaces }) => {
    if (entity !== undefined && !sync.entities.includes(entity)) {
      throw new CliError('cli.usage', {
        message: `There is no entity "${entity}".`,
        remedy: `Entities: ${sync.entities.join(', ')}.`,
      });
    }
    const group = companyOf(company, marketplaces);
    if (!mayBeNew && !(await sync.isKnown(group))) throw unknownCompany(group);
    return await work({ sync, group, entities: entity === undefined ? sync.entities : [entity] });
  });
}

function unknownCompany({ marketplace, groupUid }: GroupReference): CliError {
  return new CliError('cli.usage', {
    message: nothingKnownOf(marketplace, groupUid),
    remedy:
      'Check marketplace and id; a company is known once start(), run(), a rollout or a notification asked for a run.',
  });
}

function found(get: () => MaestranoSync): MaestranoSync {
  try {
    return get();
  } catch {
    // Nest throws for what nobody provides.
    throw new CliError('cli.application', {
      message: 'The application synchronizes nothing.',
      remedy: 'Import MaestranoSyncModule into it.',
    });
  }
}

/** The company that is named. @throws CliError `cli.usage` */
export function companyOf(company: string, names: readonly string[]): GroupReference {
  const [first = '', second] = company.split('/');
  const marketplace = second === undefined ? (names.length === 1 ? names[0] : undefined) : first;
  if (marketplace !== undefined && names.includes(marketplace))
    return { marketplace, groupUid: second ?? first };
  throw new CliError('cli.usage', {
    message: second === undefined ? `Which marketplace's ${company}?` : `There is no marketplace ${first}.`,
    remedy: `Write MARKETPLACE/COMPANY; marketplaces: ${names.join(', ') || 'none'}.`,
  });
}

/** A record as it is named: `17` or `app:17` by the application's id, `connec:e323…` by Connec!'s. */
export function recordOf(entity: string, text: string): SyncRecordRef {
  const [, side, id] = /^(?:(app|connec):)?(.+)$/s.exec(text) ?? [];
  return side === 'connec' ? { entity, connec: id ?? '' } : { entity, app: id ?? '' };
}

/** A record as {@link recordOf} reads it. */
export function nameOf({
  app,
  connec,
}: {
  readonly app: string | null;
  readonly connec: string | null;
}): string {
  return app === null ? `connec:${connec ?? '?'}` : `app:${app}`;
}

/** The one entity that a command needs. @throws CliError `cli.usage` */
export function oneEntity({ entities }: SyncSession): string {
  const [first, second] = entities;
  if (first !== undefined && second === undefined) return first;
  throw new CliError('cli.usage', {
    message: 'Which entity?',
    remedy: `Give --entity: one of ${entities.join(', ')}.`,
  });
}

/** Writes a report: as JSON, or as lines. */
export function report(
  io: CliIo,
  json: boolean | undefined,
  value: unknown,
  lines: readonly string[],
): number {
  io.out(json ? `${JSON.stringify(value, null, 2)}\n` : lines.map((line) => `${line}\n`).join(''));
  return 0;
}
