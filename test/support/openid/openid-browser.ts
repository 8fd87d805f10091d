/** A browser as far as a login needs one: cookies by name, no redirect followed by itself. */
export class OpenIdBrowser {
  readonly cookies = new Map<string, string>();

  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      redirect: 'manual',
      ...init,
      headers: { accept: 'text/html', cookie },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Goes to the URL and on to where its response points, that many times. */
  async follow(url: string, steps: number): Promise<Response> {
    let response = await this.fetch(url);
    for (let step = 1; step < steps; step += 1) response = await this.fetch(locationOf(response));
    return response;
  }
}

/** Where a response sends the browser. */
export function locationOf(response: Response): string {
  return new URL(response.headers.get('location') ?? '', response.url).href;
}
