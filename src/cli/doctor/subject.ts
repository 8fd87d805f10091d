import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

import type { INestApplication } from '@nestjs/common';

import { NotificationQueue } from '../../connec/notifications/notification-queue.js';
import { CliError } from '../../errors/cli.error.js';
import type { ConfigurationProblem } from '../../errors/configuration.error.js';
import { StartReport } from '../../health/start-report.service.js';
import { HttpConfigurationFetcher } from '../../http/http-configuration-fetcher.service.js';
import type { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { MarketplacesInput } from '../../interfaces/marketplace-input.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import { MarketplaceLoader } from '../../marketplace/marketplace-loader.js';
import { createMarketplaceLoader } from '../../marketplace/marketplace.providers.js';
import { RouteMounter } from '../../routing/mounting/route-mounter.service.js';
import { resolveSettings } from '../../settings/maestrano-settings.js';
import { MaestranoStore } from '../../stores/maestrano-store.js';
import { errorCode } from '../../utils/error-code.js';
import { decodeText, parseForeignJson } from '../../utils/foreign-json.js';
import type { CliIo } from '../cli-io.js';
import { openApplication } from '../open-application.js';

/** What the doctor examines. */
export interface DoctorSubject {
  readonly marketplaces: readonly Marketplace[];
  readonly problems: readonly ConfigurationProblem[];
  /** The store of an application; null when no application was loaded. */
  readonly store: MaestranoStore | null;
  /** The queue of an application; null where it has none. */
  readonly queue: NotificationQueue | null;
  /** What an application says when it starts: marketplaces, where sessions and state are kept; empty without one. */
  readonly startReport: readonly string[];
  /** Routes as an application mounted them; null when no application was loaded. */
  readonly mounted: readonly string[] | null;
  readonly close: () => Promise<void>;
}

/** The configuration of a JSON file, or of the developer platform that the `MNO_DEVPL_*` variables name. */
export async function configuredSubject(
  file: string | null,
  io: CliIo,
  http: MaestranoHttp,
): Promise<DoctorSubject> {
  const marketplaces =
    file === null ? undefined : ((await readJson(resolve(io.cwd, file))) as MarketplacesInput);
  const { marketplace } = resolveSettings(
    {
      ...(marketplaces === undefined ? {} : { marketplaces, developerPlatform: false }),
      refresh: { bootDeadlineMs: 10_000 },
    },
    { environment: io.env },
  );
  const loader = createMarketplaceLoader(marketplace, new HttpConfigurationFetcher(http));
  try {
    await loader.start();
    return subjectOf(loader, {
      startReport: [],
      mounted: null,
      store: null,
      queue: null,
      close: () => Promise.resolve(),
    });
  } finally {
    loader.onModuleDestroy();
  }
}

/** The configuration and the routes of an application: a compiled file that exports its root module. */
export async function applicationSubject(file: string, io: CliIo): Promise<DoctorSubject> {
  const { app, close } = await openApplication(file, io);
  try {
    const mounted = app
      .get(RouteMounter, { strict: false })
      .mounted.map(({ verb, path: route, endpoint }) => `${verb} /${route} (${endpoint})`);
    const store = app.get(MaestranoStore, { strict: false });
    const queue = queueOf(app);
    const loader = app.get(MarketplaceLoader, { strict: false });
    const startReport = app
      .get(StartReport, { strict: false })
      .lines()
      .map((line) => line.trim());
    return subjectOf(loader, { startReport, mounted, store, queue, close });
  } catch (error) {
    await close();
    throw error;
  }
}

function subjectOf(
  loader: MarketplaceLoader,
  rest: Omit<DoctorSubject, 'marketplaces' | 'problems'>,
): DoctorSubject {
  return { marketplaces: loader.registry.list(), problems: loader.status.problems, ...rest };
}

function queueOf(app: INestApplication): NotificationQueue | null {
  try {
    return app.get(NotificationQueue, { strict: false });
  } catch {
    // Nest throws for what nobody provides.
    return null;
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return parseForeignJson(decodeText(await readFile(path)));
  } catch (error) {
    const reason = errorCode(error) ?? 'it is not JSON';
    throw new CliError('cli.file', {
      message: `${basename(path)} cannot be read (${reason}).`,
      remedy: 'Give the marketplaces as JSON.',
    });
  }
}
