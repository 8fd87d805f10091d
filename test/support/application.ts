import { afterAll } from '@jest/globals';
import {
  Controller,
  type DynamicModule,
  Get,
  type INestApplication,
  type LoggerService,
  type ModuleMetadata,
  type Type,
  UseGuards,
} from '@nestjs/common';

import {
  MaestranoGroupAdapter,
  MaestranoModule,
  type MaestranoModuleExtras,
  type MaestranoModuleOptions,
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
  MaestranoUserAdapter,
  type MarketplacesInput,
} from '../../src/index.js';
import type { Sandbox } from '../../src/sandbox/index.js';
import { RecordingGroupAdapter, RecordingUserAdapter } from '../../src/testing/index.js';
import { freePort } from './free-port.mjs';
import { type BootedApp, bootApp, type HttpAdapterName } from './http-adapters.js';
import { marketplaceInput } from './marketplaces.js';

/** The secret of a test application's sessions. */
export const SESSION_SECRET = 'a secret of at least thirty-two characters';

/** What a test cares for; everything else is as in {@link testApplication}. */
export interface TestApplicationOptions {
  /** Express by default. */
  readonly httpAdapter?: HttpAdapterName;
  /** Its marketplaces are the application's, and it expects the application where it listens, unless `port` is given. */
  readonly sandbox?: Pick<Sandbox, 'options' | 'setAppUrl'>;
  readonly registration?: 'forRoot' | 'forRootAsync';
  readonly options?: Partial<MaestranoModuleOptions>;
  readonly extras?: MaestranoModuleExtras;
  /** The class of the root module, when it does something of its own. */
  readonly root?: Type;
  /** What the root module has beside the product. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly controllers?: readonly Type[];
  readonly providers?: NonNullable<ModuleMetadata['providers']>;
  /** A global prefix. */
  readonly prefix?: string;
  /** Runs before the application starts: middleware, session plugins, global enhancers. */
  readonly prepare?: (app: INestApplication) => unknown;
  readonly logger?: LoggerService;
  /** Any free port by default. */
  readonly port?: number;
}

/** An application with the product in it, listening. */
export class TestApplication implements BootedApp {
  constructor(
    private readonly booted: BootedApp,
    private readonly prefix = '',
  ) {}

  get app(): INestApplication {
    return this.booted.app;
  }

  get port(): number {
    return this.booted.port;
  }

  /** `http://127.0.0.1:<port>`. */
  get url(): string {
    return this.booted.url;
  }

  /** The URL with the global prefix, if there is one. */
  get base(): string {
    return this.prefix === '' ? this.url : `${this.url}/${this.prefix}`;
  }

  /** The user adapter, unless the test gave one of another kind. */
  get users(): RecordingUserAdapter {
    return this.app.get(MaestranoUserAdapter, { strict: false });
  }

  /** The group adapter, unless the test gave one of another kind. */
  get groups(): RecordingGroupAdapter {
    return this.app.get(MaestranoGroupAdapter, { strict: false });
  }

  close(): Promise<void> {
    running.delete(this);
    return this.booted.close();
  }
}

/** What no test has closed yet. */
const running = new Set<TestApplication>();

afterAll(async () => {
  await Promise.all([...running].map((application) => application.close()));
});

/** The root module of {@link testApplication}, for tests that compile or start it on their own. */
export function testModule(given: TestApplicationOptions): DynamicModule {
  const { sandbox, options, extras, root = class App {} } = given;
  const marketplaces = sandbox
    ? (sandbox.options.marketplaces as object as MarketplacesInput)
    : [marketplaceInput('uat')];
  const values: MaestranoModuleOptions = {
    ...(!extras?.marketplaceSource && !options?.developerPlatform && { marketplaces }),
    session: { secret: SESSION_SECRET },
    ...options,
  };
  const structure: MaestranoModuleExtras = {
    userAdapter: RecordingUserAdapter,
    groupAdapter: RecordingGroupAdapter,
    ...extras,
  };
  return {
    module: root,
    imports: [
      given.registration === 'forRootAsync'
        ? MaestranoModule.forRootAsync({ ...structure, useFactory: () => Promise.resolve(values) })
        : MaestranoModule.forRoot({ ...values, ...structure }),
      ...(given.imports ?? []),
    ],
    controllers: [...(given.controllers ?? [])],
    providers: [...(given.providers ?? [])],
  };
}

/**
 * Starts an application on a real socket as a user would: adapters that record, a marketplace called `uat` unless the
 * test gives others, and nothing logged. What a test leaves open is closed after the last one of its file.
 */
export async function testApplication(given: TestApplicationOptions = {}): Promise<TestApplication> {
  const { httpAdapter = 'express', sandbox, prefix, prepare, logger } = given;
  const port = given.port ?? (sandbox ? await freePort() : 0);
  // The configuration names the address, so the marketplace must know it before the application reads that.
  if (given.port === undefined) sandbox?.setAppUrl(`http://127.0.0.1:${port}`);
  const booted = await bootApp(httpAdapter, testModule(given), {
    port,
    ...(logger && { logger }),
    prepare: async (app) => {
      if (prefix) app.setGlobalPrefix(prefix);
      await prepare?.(app);
    },
  });
  const application = new TestApplication(booted, prefix);
  running.add(application);
  return application;
}

/** A page that everybody sees. */
@Controller()
export class HomeController {
  @Get()
  home(): string {
    return 'home';
  }
}

/** A page for people who are logged in: who they are. */
@Controller('me')
@UseGuards(MaestranoSessionGuard)
export class MeController {
  @Get()
  me(@MaestranoSession() session: MaestranoSessionData): object {
    return { user: session.userUid, group: session.groupUid, marketplace: session.marketplace };
  }
}
