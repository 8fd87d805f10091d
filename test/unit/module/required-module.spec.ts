import { describe, expect, it } from '@jest/globals';
import { type DynamicModule, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';

import { MaestranoConsoleModule } from '../../../src/console/index.js';
import { MaestranoConfigurationError, MaestranoModule } from '../../../src/index.js';
import { MaestranoSyncModule, MemorySyncStore } from '../../../src/sync/index.js';
import { testMarketplace } from '../../../src/testing/index.js';
import { MaestranoUsageModule, MemoryUsageStore } from '../../../src/usage/index.js';
import { errorOf } from '../../support/error-of.js';

const sync = {
  store: new MemorySyncStore(),
  owner: { provider: 'app', realm: 'main' },
  entities: [],
} as const;
const usage = {
  store: new MemoryUsageStore(),
  meters: {
    sms: { aggregate: 'sum', label: 'SMS', prices: { AUD: [{ model: 'unit', unit: '0.075' }] } },
  },
} as const;

const modules: Record<string, () => DynamicModule> = {
  MaestranoSyncModule: () => MaestranoSyncModule.forRoot(sync),
  MaestranoUsageModule: () => MaestranoUsageModule.forRoot(usage),
  MaestranoConsoleModule: () =>
    MaestranoConsoleModule.forRoot({
      guard: class {
        canActivate = () => true;
      },
      roles: () => ({ name: 'Ann', roles: [] }),
    }),
};

describe.each(Object.entries(modules))('%s without MaestranoModule', (name, register) => {
  const start = (...imports: DynamicModule[]) => Test.createTestingModule({ imports }).compile();

  it('says which module is missing', async () => {
    @Module({ imports: [register()] })
    class Feature {}
    for (const module of [register(), { module: Feature }]) {
      const error = await errorOf(start(module), MaestranoConfigurationError);
      expect(error.code).toBe('configuration.moduleMissing');
      expect(error.message).toContain(`${name} works beside MaestranoModule`);
      expect(error.message).toContain('Import MaestranoModule.forRoot()');
    }
  });

  it('says so where it is there and cannot be seen', async () => {
    const core = MaestranoModule.forRoot({
      marketplaces: [testMarketplace('uat')],
      session: { secret: 'a secret of at least thirty-two characters' },
      isGlobal: false,
    });
    const error = await errorOf(start(core, register()), MaestranoConfigurationError);
    expect(error.code).toBe('configuration.moduleMissing');
    expect(error.message).toContain(`${name} does not see MaestranoModule`);
  });

  it('starts beside it, whichever is imported first', async () => {
    const core = () =>
      MaestranoModule.forRoot({
        marketplaces: [testMarketplace('uat')],
        session: { secret: 'a secret of at least thirty-two characters' },
      });
    for (const imports of [
      [register(), core()],
      [core(), register()],
    ]) {
      const module = await start(...imports);
      await module.close();
    }
  });
});
