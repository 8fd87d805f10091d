import { CONFIGURATION } from './configuration-model.js';
import { CREATE_ONCE } from './create-once-model.js';
import { DELIVERIES } from './deliveries-model.js';
import { ISOLATION } from './isolation-model.js';
import { LOGIN } from './login-model.js';
import type { ModelName, Scenario } from './scenario.js';
import { USAGE_CLOSE } from './usage-close-model.js';

/** All models. */
export const MODELS: Readonly<Record<ModelName, readonly Scenario[]>> = {
  'create-once': CREATE_ONCE,
  login: LOGIN,
  deliveries: DELIVERIES,
  isolation: ISOLATION,
  configuration: CONFIGURATION,
  'usage-close': USAGE_CLOSE,
};
