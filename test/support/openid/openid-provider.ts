import { createDiffieHellman, createHash, createHmac, randomBytes } from 'node:crypto';
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

/** The prime of appendix B of the specification. */
const PRIME =
  'dcf93a0b883972ec0e19989ac5a2ce310e1d37717e8d9571bb7623731866e61ef75a2e27898b057f9891c2e27a639c3f' +
  '29b60814581cd3b2ca3986d2683705577d45c2e7e52dc81c7a171876e5cea74b1448bfdfaf18828efd2519f14e45e382' +
  '6634af1949e5b535cc829a483b8a76223e5d490a257f05bdff16f2fb22c583ab';

/**
 * An OpenID 2.0 provider as protocol §5 describes it, independent of the product: discovery, identifier select,
 * attribute exchange, associations, direct verification of responses it made itself, each once.
 */
export class OpenIdProvider {
  /** Responses that `check_authentication` saw, for counting. */
  verifications = 0;
  /** Requests for an association, by what they asked for. */
  readonly associationRequests: string[] = [];
  /** Session types that it makes associations for; none when it knows no associations. */
  sessionTypes: readonly string[] = [];
  /** Changes the response to a request for an association. */
  spoilAssociation: (response: Record<string, string>) => void = () => undefined;
  /** Statuses of the next responses to `check_authentication`, before it does what it should; 0 for a broken connection. */
  failures: number[] = [];
  /** Forms for which it answers with 500, as some do for what they cannot read. */
  crashesAt: (form: URLSearchParams) => boolean = () => false;
  /** Waits so long before it answers to `check_authentication`, in milliseconds. */
  slowness = 0;
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
  readonly #shared = new Map<string, Buffer>();
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
          if (form.get('openid.mode') === 'associate') {
            const fields = this.#associate(form);
            return response.writeHead(fields['error'] === undefined ? 200 : 400).end(lines(fields));
          }
          this.verifications += 1;
          const failure = this.failures.shift() ?? (this.crashesAt(form) ? 500 : undefined);
          if (failure === 0) return request.destroy();
          const reply = failure === undefined ? (this.word ?? this.#verify(form)) : 'down';
          return setTimeout(
            () => response.writeHead(failure ?? 200, { 'Content-Type': 'text/plain' }).end(reply),
            this.slowness,
          );
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
    const wanted = request.get('openid.assoc_handle');
    const shared = this.#shared.get(wanted ?? '');
    const handle = shared && wanted !== null ? wanted : randomBytes(8).toString('hex');
    const secret = shared ?? randomBytes(32);
    if (!shared) this.#handles.set(handle, secret);
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
      ...(wanted !== null && !shared ? [['invalidate_handle', wanted] as const] : []),
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

  /** Forgets all associations, as a restart would have it. */
  forgetAssociations(): void {
    this.#shared.clear();
  }

  /** Back to what a test may expect at its beginning. */
  reset(): void {
    Object.assign(this, { attributes: USER, verifications: 0, document: null, status: 200, gullible: false });
    Object.assign(this, { word: null, sessionTypes: [], failures: [], slowness: 0 });
    this.associationRequests.length = 0;
    this.spoilAssociation = () => undefined;
    this.crashesAt = () => false;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server?.closeAllConnections();
      this.#server?.close(() => resolve());
    });
  }

  #verify(form: URLSearchParams): string {
    const handle = form.get('openid.assoc_handle') ?? '';
    // Never with a shared secret: whoever asks has it.
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
    const named = form.get('openid.invalidate_handle');
    const gone: Record<string, string> =
      named !== null && !this.#shared.has(named) ? { invalidate_handle: named } : {};
    return lines({ ns: NS, is_valid: String(valid), ...gone });
  }

  #associate(form: URLSearchParams): Record<string, string> {
    const type = form.get('openid.session_type') ?? '';
    this.associationRequests.push(`${form.get('openid.assoc_type')} ${type}`);
    if (form.get('openid.assoc_type') !== 'HMAC-SHA256' || !this.sessionTypes.includes(type)) {
      return { ns: NS, error: 'cannot', error_code: 'unsupported-type' };
    }
    const handle = randomBytes(8).toString('hex');
    const secret = randomBytes(32);
    this.#shared.set(handle, secret);
    const common = { ns: NS, assoc_handle: handle, assoc_type: 'HMAC-SHA256', session_type: type };
    const reply = { ...common, expires_in: '3600', ...wrapped(form, type, secret) };
    this.spoilAssociation(reply);
    return reply;
  }
}

/** The secret as it goes over the wire. */
function wrapped(form: URLSearchParams, type: string, secret: Buffer): Record<string, string> {
  if (type === 'no-encryption') return { mac_key: secret.toString('base64') };
  const exchange = createDiffieHellman(PRIME, 'hex', 2);
  const own = exchange.generateKeys();
  const shared = exchange.computeSecret(Buffer.from(form.get('openid.dh_consumer_public') ?? '', 'base64'));
  const pad = createHash('sha256').update(positive(shared)).digest();
  return {
    dh_server_public: positive(own).toString('base64'),
    enc_mac_key: Buffer.from(secret.map((byte, index) => byte ^ (pad[index] ?? 0))).toString('base64'),
  };
}

/** As a whole number that is not negative. */
function positive(bytes: Buffer): Buffer {
  const digits = bytes.toString('hex').replace(/^(00)+/, '');
  return Buffer.from(/^[89a-f]/.test(digits) ? `00${digits}` : digits, 'hex');
}

function lines(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}:${value}\n`)
    .join('');
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
