// Everything that loads an XML library, so that one dynamic import defers all of it.
export { judgeResponse, readResponse } from './response-judge.js';
export { authnRequestUrl } from './saml-engine.js';
