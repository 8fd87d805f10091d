interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly path: string;
  readonly crossSite: boolean;
}

/**
 * The cookies of one browser, by the rules that matter to a login: host, path, expiry, and that only
 * `SameSite=None` travels on another site's POST. `Secure` is honoured as browsers do on loopback.
 */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();

  /** Takes the `Set-Cookie` headers of a response from a URL. */
  store(url: URL, headers: readonly string[]): void {
    for (const header of headers) {
      const [pair = '', ...attributes] = header.split(';').map((part) => part.trim());
      const equals = pair.indexOf('=');
      const name = pair.slice(0, equals);
      const attribute = (wanted: string): string | undefined => {
        const found = attributes.find((one) => one.toLowerCase().split('=')[0] === wanted);
        return found?.slice(wanted.length + 1);
      };
      const path = attribute('path') || '/';
      const key = `${url.hostname}\n${path}\n${name}`;
      const expires = attribute('expires');
      const gone = attribute('max-age') === '0' || (expires && new Date(expires).getTime() < Date.now());
      if (gone) this.#cookies.delete(key);
      else {
        const crossSite = attribute('samesite')?.toLowerCase() === 'none';
        this.#cookies.set(key, { name, value: pair.slice(equals + 1), host: url.hostname, path, crossSite });
      }
    }
  }

  /** The `Cookie` header for a request; empty when none applies. */
  header(url: URL, from: 'same-site' | 'cross-site-post' = 'same-site'): string {
    return this.#applying(url)
      .filter((cookie) => from === 'same-site' || cookie.crossSite)
      .map((cookie) => `${cookie.name}=${cookie.value}`)
      .join('; ');
  }

  /** Cookies by name, as they apply to a URL. */
  values(url: URL): Record<string, string> {
    return Object.fromEntries(this.#applying(url).map((cookie) => [cookie.name, cookie.value]));
  }

  #applying(url: URL): Cookie[] {
    return [...this.#cookies.values()].filter(
      (cookie) =>
        cookie.host === url.hostname &&
        (url.pathname === cookie.path ||
          url.pathname.startsWith(cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`)),
    );
  }
}
