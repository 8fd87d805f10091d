// Everything that loads an XML library, so that one dynamic import defers all of it.
export { judgeResponse } from './response-judge.js';
export { inspectResponse } from './response-structure.js';
export { responseText } from './response-text.js';
export { authnRequestUrl } from './saml-engine.js';
export { readXml } from './xml-reader.js';
