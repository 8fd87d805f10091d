import type { AddressInfo } from 'node:net';

import type { DynamicModule, INestApplication, LoggerService, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** Nest's HTTP adapters: every end-to-end suite runs `describe.each(HTTP_ADAPTERS)('on %s', (httpAdapter) => …)`. */
export const HTTP_ADAPTERS = ['express', 'fastify'] as const;

export type HttpAdapterName = (typeof HTTP_ADAPTERS)[number];

export interface BootOptions {
  readonly logger?: LoggerService | false;
  /** Runs before `init()`: middleware, session plugins, prefixes. */
  readonly prepare?: (app: INestApplication) => void | Promise<void>;
  /** 0 by default: any free port. */
  readonly port?: number;
  readonly host?: string;
}

export interface BootedApp {
  readonly app: INestApplication;
  readonly port: number;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Boots a real application on a real socket, as a user would. */
export async function bootApp(
  httpAdapter: HttpAdapterName,
  root: Type | DynamicModule,
  options: BootOptions = {},
): Promise<BootedApp> {
  const adapter = httpAdapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(root as Type, adapter, {
    logger: options.logger ?? false,
    abortOnError: false,
    forceCloseConnections: true,
  });
  try {
    await options.prepare?.(app);
    await app.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  } catch (error) {
    // What had started already must not outlive the test.
    await app.close();
    throw error;
  }
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, port, url: `http://127.0.0.1:${port}`, close: () => app.close() };
}
