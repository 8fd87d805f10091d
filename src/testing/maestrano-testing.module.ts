import { type DynamicModule, Module } from '@nestjs/common';

import { MaestranoHttp } from '../http/maestrano-http.service.js';
import { MaestranoModule } from '../maestrano.module.js';
import type { MaestranoModuleOptions } from '../maestrano-options.interface.js';
import type { MaestranoModuleExtras } from '../routing/module-extras.interface.js';
import { RecordingGroupAdapter } from './recording-group.adapter.js';
import { RecordingUserAdapter } from './recording-user.adapter.js';
import { ScriptedHttp } from './scripted-http.js';
import { TestIdentityProvider } from './test-identity-provider.js';

/**
 * The whole integration without network, for unit tests: the real module with a marketplace called `test`, adapters
 * that record, and the response to every outgoing call given by {@link ScriptedHttp}. Whatever `MaestranoModule.forRoot()` takes
 * can be given instead of the defaults.
 *
 * ```ts
 * const moduleRef = await Test.createTestingModule({ imports: [MaestranoTestingModule.forRoot()] }).compile();
 * moduleRef.get(ScriptedHttp).reply('POST account/bills', { json: { success: true, data: { id: 'bill-1' } } });
 * ```
 *
 * Gives {@link ScriptedHttp} and {@link TestIdentityProvider} to inject; the recording adapters are found under the
 * tokens `MaestranoUserAdapter` and `MaestranoGroupAdapter`, and under their own classes.
 */
@Module({})
export class MaestranoTestingModule {
  /** Everything is optional; see the class. */
  static forRoot(options: Partial<MaestranoModuleOptions> & MaestranoModuleExtras = {}): DynamicModule {
    const identityProvider = new TestIdentityProvider();
    return MaestranoModule.forRoot({
      marketplaces: [identityProvider.marketplace()],
      developerPlatform: false,
      session: { secret: 'secret of the unit tests, long enough to be taken' },
      userAdapter: RecordingUserAdapter,
      groupAdapter: RecordingGroupAdapter,
      ...options,
      // A runner's own limit would come before the message that says what nobody scripted.
      refresh: { retryAtStart: false, ...options.refresh },
      extraProviders: [
        ScriptedHttp,
        { provide: MaestranoHttp, useExisting: ScriptedHttp },
        { provide: TestIdentityProvider, useValue: identityProvider },
        ...(options.extraProviders ?? []),
      ],
      extraExports: [ScriptedHttp, TestIdentityProvider, ...(options.extraExports ?? [])],
    });
  }
}
