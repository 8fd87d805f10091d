import { SaxesParser } from 'saxes';

/** Service type of an OpenID 2.0 identity provider. */
const OPENID_SERVER_TYPE = 'http://specs.openid.net/auth/2.0/server';
const XRD_NS = 'xri://$xrd*($v*2.0)';
const MAX_ELEMENTS = 200;

interface Service {
  readonly types: string[];
  readonly uris: string[];
  readonly priority: number;
}

/**
 * The endpoint of the most preferred OpenID 2.0 server in an XRDS document (protocol §5).
 *
 * @returns null when the text is no such document, or names none.
 */
export function endpointOf(document: string): string | null {
  const services = readServices(document) ?? [];
  const servers = services.filter(({ types, uris }) => types.includes(OPENID_SERVER_TYPE) && uris.length > 0);
  // The lowest number is the most preferred, and no number the least.
  const [best] = servers.sort((one, other) => one.priority - other.priority);
  return best?.uris[0] ?? null;
}

function readServices(document: string): Service[] | null {
  // A document type may define entities; an honest document has none.
  if (document.includes('<!DOCTYPE')) return null;
  const parser = new SaxesParser({ xmlns: true });
  const services: Service[] = [];
  let current: Service | null = null;
  let text = '';
  let elements = 0;
  parser.on('opentag', ({ uri, local, attributes }) => {
    elements += 1;
    if (elements > MAX_ELEMENTS) throw new Error('too many elements');
    text = '';
    if (uri !== XRD_NS || local !== 'Service') return;
    const priority = Number.parseInt(attributes.priority?.value ?? '', 10);
    current = { types: [], uris: [], priority: Number.isNaN(priority) ? Infinity : priority };
    services.push(current);
  });
  parser.on('text', (value) => (text += value));
  parser.on('closetag', ({ uri, local }) => {
    if (uri !== XRD_NS) return;
    if (local === 'Service') current = null;
    else if (local === 'Type') current?.types.push(text.trim());
    else if (local === 'URI') current?.uris.push(text.trim());
  });
  try {
    parser.write(document).close();
  } catch {
    return null;
  }
  return services;
}
