import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { INestApplication, Type } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';

import { CliError } from '../errors/cli.error.js';
import { errorCode } from '../utils/error-code.js';
import type { CliIo } from './cli-io.js';

/** An application that a command works with. */
export interface OpenedApplication {
  readonly app: INestApplication;
  readonly close: () => Promise<void>;
}

/**
 * Initialises an application, so that its own start-up code runs; nothing listens.
 *
 * @param file compiled file that exports the root module, `FILE#CLASS`; `AppModule` or the default export without a class
 * @throws CliError `cli.application`
 */
export async function openApplication(file: string, io: CliIo): Promise<OpenedApplication> {
  const restore = lendVariables(io.env);
  try {
    const [path = '', name] = file.split('#');
    const root = await loadModule(resolve(io.cwd, path), name ?? null);
    const app: INestApplication = await NestFactory.create(root, await httpAdapter(), {
      logger: false,
      abortOnError: false,
    });
    const close = async (): Promise<void> => {
      await app.close();
      restore();
    };
    try {
      await app.init();
      return { app, close };
    } catch (error) {
      await app.close();
      throw error;
    }
  } catch (error) {
    restore();
    throw error;
  }
}

/** Gives the application the variables of files, as `node --env-file` does: what is set already wins. */
function lendVariables(env: CliIo['env']): () => void {
  const added = Object.entries(env).filter(([name, value]) => value !== undefined && !(name in process.env));
  for (const [name, value] of added) process.env[name] = value;
  return () => {
    for (const [name] of added) delete process.env[name];
  };
}

async function loadModule(path: string, name: string | null): Promise<Type> {
  const exported = (await import(pathToFileURL(path).href).catch((error: unknown) => {
    const reason = errorCode(error) ?? (error instanceof Error ? error.message : 'unknown reason');
    throw new CliError('cli.application', {
      message: `${basename(path)} cannot be loaded (${reason}).`,
      remedy: 'Build the application, and name the compiled file of its root module.',
    });
  })) as Record<string, unknown>;
  const candidates = name === null ? ['AppModule', 'default'] : [name];
  const root = candidates
    .map((candidate) => exported[candidate])
    .find((value) => typeof value === 'function');
  if (root) return root as Type;
  throw new CliError('cli.application', {
    message: `${basename(path)} exports no ${candidates.join(' and no ')}.`,
    remedy: 'Name the class: --app dist/app.module.js#RootModule.',
  });
}

/** Whichever platform is installed; the routes are the same on both. */
async function httpAdapter(): Promise<AbstractHttpAdapter> {
  try {
    const { ExpressAdapter } = await import('@nestjs/platform-express');
    return new ExpressAdapter();
  } catch (error) {
    if (errorCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    return new FastifyAdapter();
  }
}
