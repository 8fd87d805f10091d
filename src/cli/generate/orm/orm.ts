import { CliError } from '../../../errors/cli.error.js';
import { DRIZZLE } from './drizzle-templates.js';
import type { OrmTemplates } from './orm-templates.interface.js';
import { PRISMA } from './prisma-templates.js';
import { TYPEORM } from './typeorm-templates.js';

/** Names of the libraries that adapters can be written for. */
export const ORM_NAMES = ['typeorm', 'prisma', 'drizzle'] as const;

/** The library by which the application reaches its database. */
export type OrmName = (typeof ORM_NAMES)[number];

const TEMPLATES: Readonly<Record<OrmName, OrmTemplates>> = {
  typeorm: TYPEORM,
  prisma: PRISMA,
  drizzle: DRIZZLE,
};

export function ormTemplates(name: OrmName): OrmTemplates {
  return TEMPLATES[name];
}

/**
 * The library that a user names.
 *
 * @throws CliError `cli.usage`
 */
export function ormOf(name: string): OrmName {
  const known = ORM_NAMES.find((one) => one === name);
  if (known) return known;
  throw new CliError('cli.usage', {
    message: `There are no adapters for "${name}".`,
    remedy: 'Write typeorm, prisma or drizzle.',
  });
}
