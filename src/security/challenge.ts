/** `WWW-Authenticate` of every 401 (protocol §3.1). */
export const BASIC_CHALLENGE = 'Basic realm="maestrano"';

/** Body of every 401, as the official SDKs respond (protocol §3.1, §6.3). */
export const CREDENTIALS_REJECTED = Object.freeze({ error: 'Invalid credentials' });
