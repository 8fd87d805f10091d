import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';

import {
  BillingService,
  MaestranoConfigurationError,
  ConnecService,
  getMarketplaceToken,
  InjectMarketplace,
  MaestranoModule,
  type MaestranoModuleOptions,
  type MaestranoOptionsFactory,
  type MarketplaceHandle,
  MarketplaceRegistry,
  MembershipService,
  MaestranoUnknownMarketplaceError,
} from '../../../src/index.js';
import { TestIdentityProvider, testMarketplace } from '../../../src/testing/index.js';
import { errorOf } from '../../support/error-of.js';

const session = { secret: 'a secret of at least thirty-two characters' };

const { certificate } = new TestIdentityProvider();

function marketplace(name: string) {
  return testMarketplace(name, { sso: { x509Certificate: certificate } });
}

const options: MaestranoModuleOptions = {
  marketplaces: [marketplace('uat'), marketplace('bluebank')],
  session,
};

@Injectable()
class OptionsFactory implements MaestranoOptionsFactory {
  createMaestranoOptions(): MaestranoModuleOptions {
    return options;
  }
}

@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class FactoryModule {}

@Injectable()
class Report {
  constructor(@InjectMarketplace('uat') readonly uat: MarketplaceHandle) {}
}

describe('MaestranoModule', () => {
  let module: TestingModule | undefined;
  afterEach(() => module?.close());

  const registrations = {
    forRoot: () => MaestranoModule.forRoot(options),
    useFactory: () => MaestranoModule.forRootAsync({ useFactory: () => Promise.resolve(options) }),
    useClass: () => MaestranoModule.forRootAsync({ useClass: OptionsFactory }),
    useExisting: () =>
      MaestranoModule.forRootAsync({ imports: [FactoryModule], useExisting: OptionsFactory }),
  };

  it.each(Object.entries(registrations))(
    'registers the marketplaces with %s',
    async (_name, registration) => {
      module = await Test.createTestingModule({ imports: [registration()] }).compile();
      expect(
        module
          .get(MarketplaceRegistry)
          .list()
          .map(({ name }) => name),
      ).toEqual(['uat', 'bluebank']);
      for (const service of [BillingService, MembershipService, ConnecService]) {
        expect(module.get(service)).toBeInstanceOf(service);
      }
    },
  );

  it('keeps its services to the importing module with isGlobal: false', async () => {
    @Injectable()
    class Charges {
      constructor(readonly billing: BillingService) {}
    }
    @Module({ providers: [Charges] })
    class Elsewhere {}
    const local = MaestranoModule.forRoot({ ...options, isGlobal: false });
    await expect(Test.createTestingModule({ imports: [local, Elsewhere] }).compile()).rejects.toThrow(
      /BillingService/,
    );
    module = await Test.createTestingModule({ imports: [local], providers: [Charges] }).compile();
    expect(module.get(Charges).billing).toBeInstanceOf(BillingService);
  });

  it('gives a live handle for a marketplace known by name', async () => {
    module = await Test.createTestingModule({
      imports: [MaestranoModule.forRoot(options), MaestranoModule.forFeature(['uat'])],
      providers: [Report],
    }).compile();
    const { uat } = module.get(Report);
    expect(uat).toBe(module.get(getMarketplaceToken('uat')));
    expect(uat.configuration.api.id).toBe('app-uat');
    expect(Object.keys(uat.billing).sort()).toEqual(['bills', 'recurringBills']);
    expect(uat.membership.groups).toBeDefined();
    expect(uat.connec('cld-1')).toBeDefined();
  });

  it('rejects a name that no source brings, and names those there are', async () => {
    const compile = Test.createTestingModule({
      imports: [MaestranoModule.forRoot(options), MaestranoModule.forFeature(['nowhere'])],
    }).compile();
    await expect(compile).rejects.toBeInstanceOf(MaestranoUnknownMarketplaceError);
    await expect(compile).rejects.toThrow('Configured: uat, bluebank');
  });

  it('reports everything that is wrong at once, and no secret', async () => {
    const broken = [
      { marketplace: 'one', app: { host: 'ftp://x' }, api: { id: 'a', key: 'the-secret-key' } },
      {
        marketplace: 'two',
        app: {},
        api: { id: 'b', key: 'the-other-secret', host: 'http://u:p@127.0.0.1:1' },
      },
    ];
    const error = await errorOf(
      Test.createTestingModule({
        imports: [MaestranoModule.forRoot({ marketplaces: broken, session })],
      }).compile(),
      MaestranoConfigurationError,
    );
    expect(error.message).toMatch(/one[\s\S]*two/);
    expect(error.message).not.toMatch(/the-secret-key|the-other-secret|u:p@/);
  });

  it('checks all options when it is instantiated, whoever made them', async () => {
    const wrong = { ...options, webhooks: { bodyLimit: '5kb' }, sesion: {}, userAdapter: class {} };
    const registered = MaestranoModule.forRootAsync({ useFactory: () => wrong as never });
    const error = await errorOf(
      Test.createTestingModule({ imports: [registered] }).compile(),
      MaestranoConfigurationError,
    );
    expect(error.problems.map(({ key, remedy }) => `${key}: ${remedy}`).sort()).toEqual([
      'sesion: Write session.',
      'userAdapter: Give it beside useFactory, useClass or useExisting: it must be known before they run.',
      'webhooks.bodyLimit: Write 5120.',
    ]);
  });

  it('takes extras beside a factory and not from it', () => {
    MaestranoModule.forRootAsync({ isGlobal: false, routes: { prefix: 'mno' }, useFactory: () => options });
    MaestranoModule.forRootAsync({
      // @ts-expect-error what a factory returns comes too late to shape the module
      useFactory: () => ({ ...options, isGlobal: false }),
    });
    // @ts-expect-error an adapter is a class, not an instance
    MaestranoModule.forRoot({ ...options, userAdapter: {} });
    expect(registrations.forRoot().module).toBe(MaestranoModule);
  });
});
