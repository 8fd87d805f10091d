import { request as httpRequest } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import { keyPair } from '../../src/sandbox/keys/key-pairs.js';

/** A proxy that ends TLS, as those of most hosters do: `X-Forwarded-Proto` says how the browser came. */
export class TlsProxy {
  /** `http://127.0.0.1:<port>` of the application. */
  target = '';

  private constructor(
    private readonly server: Server,
    /** `https://127.0.0.1:<port>`. */
    readonly url: string,
  ) {}

  static async start(): Promise<TlsProxy> {
    const { privateKey: key, certificate: cert } = await keyPair(99, { commonName: '127.0.0.1' });
    const server = createServer({ key, cert }, (incoming, outgoing) => {
      const headers = {
        ...incoming.headers,
        'x-forwarded-proto': 'https',
        'x-forwarded-for': incoming.socket.remoteAddress ?? '',
      };
      const forwarded = httpRequest(
        proxy.target + (incoming.url ?? '/'),
        { method: incoming.method, headers },
        (response) => {
          outgoing.writeHead(response.statusCode ?? 500, response.headers);
          response.pipe(outgoing);
        },
      );
      forwarded.on('error', () => outgoing.destroy());
      incoming.pipe(forwarded);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const proxy = new TlsProxy(server, `https://127.0.0.1:${port}`);
    return proxy;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
