import type { INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { SandboxError } from '../errors/sandbox.error.js';
import { errorCode } from '../utils/error-code.js';
import { milliseconds } from './clock/duration.js';
import { warmUpKeys } from './keys/key-pairs.js';
import { sandboxUrl } from './platform/marketplace-document.js';
import { Sandbox } from './sandbox.js';
import { createSandboxApplication } from './sandbox-application.js';
import type { ResolvedSandboxOptions, StartSandboxOptions } from './sandbox-options.js';

function resolveOptions(options: StartSandboxOptions): ResolvedSandboxOptions {
  return {
    host: options.host ?? '127.0.0.1',
    scenario: options.scenario ?? 'demo',
    seed: options.seed ?? 1,
    appUrl: options.appUrl ?? null,
    behaviour: options.behaviour ?? 'default',
    signatureAlgorithm: options.signatureAlgorithm ?? 'sha1',
    persist: options.persist ?? null,
    url: '',
  };
}

async function listen(app: INestApplication<Server>, port: number, host: string): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
    const code = errorCode(error);
    const found = code === null ? undefined : LISTEN_ERRORS[code];
    if (!found) throw error;
    const [message, remedy] = found(port, host);
    throw new SandboxError('sandbox.listen', { message, remedy, cause: error });
  }
}

/** What the operating system says of an address, by its code. */
const LISTEN_ERRORS: Readonly<
  Record<string, (port: number, host: string) => readonly [message: string, remedy: string]>
> = {
  EADDRINUSE: (port, host) => [
    `Port ${port} of ${host} is taken: another program, or another sandbox, listens there.`,
    'Stop it, or choose another port; 0 takes a free one.',
  ],
  EACCES: (port) => [`This user may not listen on port ${port}.`, 'Choose one from 1024.'],
  EADDRNOTAVAIL: (_port, host) => [
    `This machine has no address ${host}.`,
    'Take 127.0.0.1, or 0.0.0.0 for all.',
  ],
  ENOTFOUND: (_port, host) => [
    `${host} is no address of this machine.`,
    'Take 127.0.0.1, or 0.0.0.0 for all.',
  ],
};

/**
 * Starts a marketplace on this machine: developer platform, identity provider, Account API, Connec! and webhooks on
 * one port of the loopback interface. Several may run at once.
 *
 * ```ts
 * await using sandbox = await startSandbox({ scenario: 'demo' });
 * ```
 *
 * @param adapter HTTP platform to run on; the installed one unless given.
 * @throws SandboxError `sandbox.production`, `sandbox.platform`, `sandbox.listen`, `sandbox.scenario`, `sandbox.persist`
 */
export async function startSandbox(
  options: StartSandboxOptions = {},
  adapter?: AbstractHttpAdapter,
): Promise<Sandbox> {
  if (process.env['NODE_ENV'] === 'production') {
    throw new SandboxError('sandbox.production', {
      message: 'The sandbox does not run in production.',
      remedy:
        'It answers for a marketplace with keys of its own; unset NODE_ENV=production where you try things out.',
    });
  }
  warmUpKeys();
  const resolved = resolveOptions(options);
  const app = await createSandboxApplication(resolved, adapter);
  try {
    // Longer than any pause of a test: a client that reuses a connection in the moment it is closed gets a reset.
    app.getHttpServer().keepAliveTimeout = 60_000;
    await listen(app, options.port ?? 0, resolved.host);
    resolved.url = sandboxUrl(resolved.host, (app.getHttpServer().address() as AddressInfo).port);
    const sandbox = new Sandbox(app, resolved);
    if (options.clock instanceof Date) sandbox.clock.set(options.clock);
    else if (options.clock) sandbox.clock.advance(milliseconds(options.clock.offset));
    await sandbox.begin();
    return sandbox;
  } catch (error) {
    await app.close();
    throw error;
  }
}
