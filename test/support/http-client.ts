import { afterAll } from '@jest/globals';

import { MaestranoHttp } from '../../src/http/maestrano-http.service.js';
import type { HttpOptions } from '../../src/interfaces/http-options.interface.js';
import { settingsOf } from './settings.js';

const open = new Set<MaestranoHttp>();

/** A client that hardly pauses between attempts; closed after the last test of the file, if not before. */
export function httpClient(options: HttpOptions = {}): MaestranoHttp {
  const http = new MaestranoHttp(settingsOf({ http: { backoffMs: 1, ...options } }).http);
  open.add(http);
  return http;
}

/** Closes all clients there are, for tests that make one each. */
export async function closeHttpClients(): Promise<void> {
  const closing = [...open].map((http) => http.onApplicationShutdown());
  open.clear();
  await Promise.all(closing);
}

afterAll(closeHttpClients);
