import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const NS = 'http://specs.openid.net/auth/2.0';
const AX = 'http://openid.net/srv/ax/1.0';

/** What the provider says of whoever signs in: attribute type URI to value. */
export type Attributes = Record<string, string>;

export const USER: Attributes = {
  'http://openid.net/schema/person/guid': 'usr-1',
  'http://openid.maestrano.com/schema/person/vguid': 'usr-1.cld-1',
  'http://openid.net/schema/namePerson/first': 'Zoë',
  'http://openid.net/schema/namePerson/last': 'Müller & Co',
  'http://openid.net/schema/contact/internet/email': 'zoe@example.com',
  'http://openid.maestrano.com/schema/contact/internet/vemail': 'usr-1.cld-1@mail.example.com',
  'http://openid.net/schema/contact/country/home': 'AU',
  'http://openid.maestrano.com/schema/session/key': 'token-1',
  'http://openid.maestrano.com/schema/session/expiration': '2036-08-01T15:30:20Z',
  'http://openid.maestrano.com/schema/company/guid': 'cld-1',
  'http://openid.maestrano.com/schema/company/role': 'Admin',
  'http://openid.net/schema/company/name': 'Acme',
  'http://openid.maestrano.com/schema/company/timezone': 'Australia/Sydney',
};

/**
 * An OpenID 2.0 provider as protocol §5 describes it, independent of the product: discovery, identifier select,
 * attribute exchange, direct verification of responses it made itself, each once.
 */
export class OpenIdProvider {
  /** Responses that `check_authentication` saw, for counting. */
  verifications = 0;
  /** Replaces the XRDS document. */
  document: string | null = null;
  /** What the person's browser brings back; changed by tests. */
  attributes: Attributes = USER;
  /** Status of every response, when it is to fail. */
  status = 200;
  /** Confirms a response as often as it is asked, as no provider should. */
  gullible = false;
  /** Replaces the response to `check_authentication`. */
  word: string | null = null;
  readonly #handles = new Map<string, Buffer>();
  #server: Server | null = null;
  url = '';

  endpoint(applicationId: string): string {
    return `${this.url}/api/openid/provider/${applicationId}`;
  }

  async start(): Promise<this> {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
        const id = /^\/api\/openid\/provider\/([^/]+)$/.exec(pathname)?.[1];
        if (!id || this.status !== 200) return response.writeHead(id ? this.status : 404).end();
        if (request.method === 'POST') {
          const form = new URLSearchParams(Buffer.concat(chunks).toString());
          return response
            .writeHead(200, { 'Content-Type': 'text/plain' })
            .end(this.word ?? this.#verify(form));
        }
        if (searchParams.get('openid.mode') === 'checkid_setup') {
          const reply = this.respond(searchParams, id);
          const back = new URL(searchParams.get('openid.return_to') ?? '');
          for (const [name, value] of reply) back.searchParams.append(name, value);
          return response.writeHead(302, { Location: back.href }).end();
        }
        return response
          .writeHead(200, { 'Content-Type': 'application/xrds+xml' })
          .end(this.document ?? xrds(this.endpoint(id)));
      });
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  /** The signed fields for a request; `change` edits them before they are signed. */
  respond(
    request: URLSearchParams,
    applicationId: string,
    change: (fields: Map<string, string>) => void = () => undefined,
  ): URLSearchParams {
    const handle = randomBytes(8).toString('hex');
    const secret = randomBytes(32);
    this.#handles.set(handle, secret);
    const endpoint = this.endpoint(applicationId);
    const uid = this.attributes['http://openid.net/schema/person/guid'] ?? '';
    const fields = new Map<string, string>([
      ['ns', NS],
      ['mode', 'id_res'],
      ['op_endpoint', endpoint],
      ['claimed_id', `${endpoint}/users/${uid}`],
      ['identity', `${endpoint}/users/${uid}`],
      ['return_to', request.get('openid.return_to') ?? ''],
      ['response_nonce', `${new Date().toISOString().slice(0, 19)}Z${randomBytes(4).toString('hex')}`],
      ['assoc_handle', handle],
      ['ns.ext1', AX],
      ['ext1.mode', 'fetch_response'],
    ]);
    Object.entries(this.attributes).forEach(([type, value], index) => {
      // Blank values are omitted together with their type (protocol §5).
      if (value === '') return;
      fields.set(`ext1.type.a${index}`, type);
      fields.set(`ext1.value.a${index}`, value);
    });
    change(fields);
    const signed = fields.get('signed') ?? [...fields.keys()].join();
    fields.set('signed', signed);
    if (!fields.has('sig'))
      fields.set(
        'sig',
        sign(secret, signed, (name) => fields.get(name)),
      );
    return new URLSearchParams(
      [...fields].map(([name, value]): [string, string] => [`openid.${name}`, value]),
    );
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server?.closeAllConnections();
      this.#server?.close(() => resolve());
    });
  }

  #verify(form: URLSearchParams): string {
    this.verifications += 1;
    const handle = form.get('openid.assoc_handle') ?? '';
    const secret = this.#handles.get(handle);
    // A private association confirms once.
    if (!this.gullible) this.#handles.delete(handle);
    // The mode was `id_res` when the response was signed.
    const field = (name: string): string | undefined =>
      name === 'mode' ? 'id_res' : (form.get(`openid.${name}`) ?? undefined);
    const valid =
      secret !== undefined &&
      form.get('openid.mode') === 'check_authentication' &&
      sign(secret, form.get('openid.signed') ?? '', field) === form.get('openid.sig');
    return `ns:${NS}\nis_valid:${valid}\n`;
  }
}

function sign(secret: Buffer, signed: string, field: (name: string) => string | undefined): string {
  const text = signed
    .split(',')
    .map((name) => `${name}:${field(name) ?? ''}\n`)
    .join('');
  return createHmac('sha256', secret).update(text).digest('base64');
}

export function xrds(endpoint: string, type = 'http://specs.openid.net/auth/2.0/server'): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<xrds:XRDS xmlns:xrds="xri://$xrds" xmlns="xri://$xrd*($v*2.0)">
  <XRD>
    <Service priority="1">
      <Type>${type}</Type>
      <Type>http://openid.net/srv/ax/1.0</Type>
      <URI>${endpoint}</URI>
    </Service>
  </XRD>
</xrds:XRDS>`;
}
