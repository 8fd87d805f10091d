import type { HttpOptions } from './interfaces/http-options.interface.js';
import type { SsoOptions } from './interfaces/sso-options.interface.js';
import type { MaestranoStore } from './stores/maestrano-store.js';

export interface MaestranoModuleOptions {
  readonly store?: MaestranoStore;
  readonly sso?: SsoOptions;
  readonly http?: HttpOptions;
}
