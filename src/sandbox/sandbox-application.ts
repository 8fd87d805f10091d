import type { AbstractHttpAdapter } from '@nestjs/core';
import { NestFactory } from '@nestjs/core';

import type { INestApplication } from '@nestjs/common';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { SandboxError } from '../errors/sandbox.error.js';
import { ExchangeRecorder } from './http/exchange-recorder.js';
import { SandboxModule } from './sandbox.module.js';
import type { ResolvedSandboxOptions } from './sandbox-options.js';

async function expressPlatform(): Promise<AbstractHttpAdapter> {
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  return new ExpressAdapter();
}

/** Fastify, set to leave bodies alone. */
export async function fastifyPlatform(): Promise<AbstractHttpAdapter> {
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  const adapter = new FastifyAdapter({
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
  });
  const fastify = adapter.getInstance();
  // The recorder has read the body already, whatever its type.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
  return adapter;
}

/** The HTTP platform the application at hand has installed. */
export async function installedPlatform(
  platforms: readonly (() => Promise<AbstractHttpAdapter>)[] = [expressPlatform, fastifyPlatform],
): Promise<AbstractHttpAdapter> {
  for (const platform of platforms) {
    try {
      return await platform();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  throw new SandboxError('sandbox.platform', {
    message: 'The sandbox needs an HTTP platform of NestJS.',
    remedy: 'Install @nestjs/platform-express or @nestjs/platform-fastify.',
  });
}

/** The sandbox's NestJS application, ready to listen. */
export async function createSandboxApplication(
  options: ResolvedSandboxOptions,
  adapter?: AbstractHttpAdapter,
): Promise<INestApplication<Server>> {
  const app = await NestFactory.create<INestApplication<Server>>(
    SandboxModule.register(options),
    adapter ?? (await installedPlatform()),
    { logger: false, bodyParser: false, abortOnError: false, forceCloseConnections: true },
  );
  const recorder = app.get(ExchangeRecorder);
  app.use((request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => {
    recorder.handle(request, response, next).catch(next);
  });
  return app;
}
