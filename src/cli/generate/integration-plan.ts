import { posix } from 'node:path';

import { CliError } from '../../errors/cli.error.js';
import { parseForeignJson } from '../../utils/foreign-json.js';
import { type Advice, guardAdvice, type MainReview, reviewMain } from './main-review.js';
import { wireModule } from './module-wiring.js';
import { type OrmName, ormTemplates } from './orm/orm.js';
import { INTEGRATION_MODULE, integrationFiles, type SessionKind } from './templates.js';
import type { TypeScript } from './typescript.js';

/** Where an integration goes. Paths are relative to the application's directory, with `/`. */
export interface IntegrationOptions {
  readonly directory: string;
  /** The root module; the one that the main file starts where it is null. */
  readonly module: string | null;
  /** Its class, where the file has several. */
  readonly className: string | null;
  readonly main: string;
  readonly session: SessionKind;
  /** The library that the adapters are written for; null for adapters in memory. */
  readonly orm: OrmName | null;
}

/** One file of the application. */
export interface FileChange {
  readonly path: string;
  /** Null where it is not there yet. */
  readonly before: string | null;
  readonly after: string;
}

/** Everything that an integration changes, before anything is written. */
export interface IntegrationPlan {
  readonly files: readonly FileChange[];
  /** What has to be written by hand. */
  readonly advice: readonly Advice[];
}

/** Text of a file of the application; null without one. */
export type ReadFile = (path: string) => string | null;

/**
 * Plans the adapters, the module that registers the marketplaces, and the line in the application's own module. Files
 * that are there are kept.
 *
 * @throws CliError `cli.application`
 */
export function planIntegration(
  compiler: TypeScript,
  read: ReadFile,
  options: IntegrationOptions,
): IntegrationPlan {
  const suffix = isEsm(read) ? '.js' : '';
  const mainSource = read(options.main);
  const main = mainSource === null ? null : reviewMain(compiler, options.main, mainSource);
  if (options.session === 'passport' && main?.isFastify) {
    throw new CliError('cli.application', {
      message: 'The adapter for Passport is for Express, and the application runs on Fastify.',
      remedy: 'Nothing was written. Leave --session out, and extend MaestranoSessionAdapter in your way.',
    });
  }
  const { path, className } = findRoot(read, options, main);
  const source = read(path);
  if (source === null) {
    throw new CliError('cli.application', {
      message: `${path} is not there.`,
      remedy: 'Name the root module with --module.',
    });
  }
  const target = posix.relative(
    posix.dirname(path),
    posix.join(options.directory, `maestrano-integration.module${suffix}`),
  );
  const wired = wireModule(compiler, source, {
    name: INTEGRATION_MODULE,
    specifier: target.startsWith('.') ? target : `./${target}`,
    className,
  });
  const files = [...integrationFiles({ suffix, session: options.session, orm: options.orm })].map(
    ([name, text]) => {
      const own = posix.join(options.directory, name);
      const before = read(own);
      return { path: own, before, after: before ?? text };
    },
  );
  return {
    files: [...files, { path, before: source, after: wired }],
    advice: [
      ...(main?.advice ?? []),
      ...guardsOf(path, source),
      ...sessionAdvice(options, main),
      ...ormAdvice(options, path),
      ...unusedSession(files, options),
    ],
  };
}

/** The module and class that are named, else those that the main file starts. */
function findRoot(
  read: ReadFile,
  { module, className, main }: IntegrationOptions,
  review: MainReview | null,
): { path: string; className: string | null } {
  const root = review?.root;
  const started = root
    ? posix.join(posix.dirname(main), root.specifier.replace(/\.js$/, '')).concat('.ts')
    : null;
  const path =
    module ?? (started !== null && read(started) !== null ? started : beside(main, 'app.module.ts'));
  return { path, className: className ?? (root && path === started ? root.className : null) };
}

function beside(path: string, name: string): string {
  return posix.join(posix.dirname(path), name);
}

/** Whether the application's own files are ES modules, whose relative imports end in `.js`. */
function isEsm(read: ReadFile): boolean {
  const manifest = read('package.json');
  try {
    return manifest !== null && (parseForeignJson(manifest) as { type?: unknown }).type === 'module';
  } catch {
    throw new CliError('cli.application', {
      message: 'package.json is not JSON.',
      remedy: "Run the command in the application's directory.",
    });
  }
}

function guardsOf(path: string, source: string): Advice[] {
  const line = source.split('\n').findIndex((text) => /provide:\s*APP_GUARD/.test(text)) + 1;
  return line > 0 ? [guardAdvice(`${path} line ${line}`)] : [];
}

/** A module of ours that is there already is kept, and may not know the adapter. */
function unusedSession(files: readonly FileChange[], { session }: IntegrationOptions): Advice[] {
  const module = files.find(({ path }) => path.endsWith('maestrano-integration.module.ts'));
  if (session !== 'passport' || !module || module.after.includes('SessionAdapter')) return [];
  return [
    {
      place: module.path,
      reason: 'The module is kept as it is, and does not use the session adapter yet.',
      lines: ['sessionAdapter: SessionAdapter, // beside userAdapter'],
    },
  ];
}

/** What the library has to be told. */
function ormAdvice({ orm }: IntegrationOptions, place: string): Advice[] {
  return orm ? [{ place, ...ormTemplates(orm).advice }] : [];
}

function sessionAdvice({ session, main }: IntegrationOptions, review: MainReview | null): Advice[] {
  if (session !== 'passport') return [];
  const needed: Advice = {
    place: main,
    reason: 'Passport keeps its users in a session, and needs to be told how.',
    lines: [
      `app.use(session({ secret: process.env['SESSION_SECRET'], resave: false, saveUninitialized: false }));`,
      'app.use(passport.session());',
      'passport.serializeUser((user, done) => done(null, user)); // or an id, by which the next line finds the user',
      'passport.deserializeUser((user, done) => done(null, user));',
    ],
  };
  return [review?.hasSession ? { ...needed, lines: needed.lines.slice(1) } : needed];
}
