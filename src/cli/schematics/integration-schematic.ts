import { describeAdvice, NEXT_STEPS } from '../generate/next-steps.js';
import { planIntegration } from '../generate/integration-plan.js';
import { ormOf } from '../generate/orm/orm.js';
import { sessionKindOf } from '../generate/templates.js';
import { loadTypeScript } from '../generate/typescript.js';

/** As much of the devkit's `Tree` as is used: the application's files. */
export interface SchematicTree {
  read(path: string): { toString(encoding: 'utf8'): string } | null;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
}

/** As much of the devkit's `SchematicContext` as is used. */
export interface SchematicLog {
  readonly logger: { info(message: string): void };
}

/** Options of the schematics, as `schema.json` describes them. */
export interface IntegrationSchema {
  /** Directory of the application's sources; `src` by default. */
  readonly sourceRoot?: string;
  readonly directory?: string;
  readonly module?: string;
  readonly class?: string;
  readonly main?: string;
  /** `own` or `passport`; `own` by default. */
  readonly session?: string;
  /** `typeorm`, `prisma` or `drizzle`; adapters in memory by default. */
  readonly orm?: string;
}

/** Changes the application's files; a rule in the devkit's words. */
export type IntegrationRule = (tree: SchematicTree, context: SchematicLog) => void;

/**
 * The schematic behind `nest add nestjs-maestrano` and `nest g -c nestjs-maestrano integration`: what the `generate`
 * command does.
 *
 * @throws CliError as `generate`
 */
export function integration(options: IntegrationSchema): IntegrationRule {
  return (tree, { logger }) => {
    const root = options.sourceRoot ?? 'src';
    const plan = planIntegration(
      loadTypeScript([process.cwd()]),
      (path) => tree.read(path)?.toString('utf8') ?? null,
      {
        directory: options.directory ?? `${root}/maestrano`,
        module: options.module ?? null,
        className: options.class ?? null,
        main: options.main ?? `${root}/main.ts`,
        session: sessionKindOf(options.session ?? 'own'),
        orm: options.orm === undefined ? null : ormOf(options.orm),
      },
    );
    for (const { path, before, after } of plan.files) {
      if (before === null) tree.create(path, after);
      else if (before !== after) tree.overwrite(path, after);
    }
    logger.info(describeAdvice(plan.advice) + NEXT_STEPS);
  };
}
