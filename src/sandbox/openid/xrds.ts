import { escapeXml } from '../idp/xml.js';
import { OPENID } from './openid-names.js';

function document(services: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<xrds:XRDS xmlns:xrds="xri://$xrds" xmlns="xri://$xrd*($v*2.0)"><XRD>' +
    `${services}</XRD></xrds:XRDS>\n`
  );
}

function service(priority: number, types: readonly string[], endpoint: string): string {
  const list = types.map((type) => `<Type>${type}</Type>`).join('');
  return `<Service priority="${priority}">${list}<URI>${escapeXml(endpoint)}</URI></Service>`;
}

/** What discovery finds at the provider's address (protocol §5). */
export function serverXrds(endpoint: string): string {
  return document(service(1, [OPENID.server, OPENID.sreg, OPENID.oldSreg, OPENID.ax], endpoint));
}

/** What discovery finds at a person's identifier (protocol §5). */
export function userXrds(endpoint: string): string {
  return document(OPENID.signOn.map((type, index) => service(index + 1, [type], endpoint)).join(''));
}
