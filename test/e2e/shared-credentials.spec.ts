import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';

import { MaestranoModule } from '../../src/maestrano.module.js';
import { marketplaceInput } from '../support/marketplaces.js';
import { type BootedApp, bootApp, HTTP_ADAPTERS } from '../support/http-adapters.js';

const api = { ...(marketplaceInput('first').api as object), id: 'app', key: 'key-of-both' };

@Module({
  imports: [
    MaestranoModule.forRoot({
      marketplaces: ['first', 'second', 'third'].map((name) => ({
        ...marketplaceInput(name),
        ...(name === 'third' ? {} : { api }),
      })),
      defaultMarketplace: 'second',
    }),
  ],
})
class App {}

describe.each(HTTP_ADAPTERS)('two marketplaces with one id and key (%s)', (httpAdapter) => {
  let app: BootedApp;
  beforeAll(async () => {
    app = await bootApp(httpAdapter, App);
  });
  afterAll(() => app.close());

  async function get(path: string, key: string, method = 'GET'): Promise<[number, unknown]> {
    const authorization = `Basic ${Buffer.from(`app:${key}`).toString('base64')}`;
    const response = await fetch(`${app.url}/maestrano/${path}`, { method, headers: { authorization } });
    const { marketplace = null } = (await response.json()) as { marketplace?: unknown };
    return [response.status, marketplace];
  }

  it('get the metadata of the default one where the path names none, and of the one it names', async () => {
    expect(await get('metadata', 'key-of-both')).toEqual([200, 'second']);
    expect(await get('metadata.json', 'key-of-both')).toEqual([200, 'second']);
    expect(await get('metadata/first', 'key-of-both')).toEqual([200, 'first']);
  });

  it('are still rejected where it matters which is meant, and with another key', async () => {
    expect(await get('metadata', 'wrong')).toEqual([401, null]);
    expect(await get('metadata/third', 'key-of-both')).toEqual([401, null]);
    expect(await get('account/groups/cld-1', 'key-of-both', 'DELETE')).toEqual([401, null]);
  });
});
