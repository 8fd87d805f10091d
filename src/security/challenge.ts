import { INVALID_CREDENTIALS } from '../maestrano.constants.js';

/** `WWW-Authenticate` of every 401 (protocol §3.1). */
export const BASIC_CHALLENGE = 'Basic realm="maestrano"';

/** Body of every 401, as the official SDKs answer (protocol §6.3). */
export const CREDENTIALS_REFUSED = Object.freeze({ error: INVALID_CREDENTIALS });
