/** One request of the marketplace to the application, with what came of it. */
export interface Delivery {
  readonly id: string;
  /** Id of the delivery that was sent once more; null for a first one. */
  readonly repeats: string | null;
  /** By the sandbox's clock, ISO 8601. */
  readonly at: string;
  readonly kind: 'group' | 'group-user' | 'notification' | 'initialization' | 'synchronization';
  readonly marketplace: string;
  readonly method: string;
  readonly url: string;
  /** Authorization included: the sender may send it again. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Null when no response came. */
  readonly status: number | null;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: string;
  /** Milliseconds. */
  readonly durationMs: number;
  /** Why no response came. */
  readonly error: string | null;
}

/** Credentials a delivery carries. */
export type DeliveryCredentials =
  | 'valid'
  /** The key before the newest one. */
  | 'old'
  | 'wrong'
  | 'none'
  /** Of another marketplace, by name. */
  | { readonly of: string };

/** How something is delivered. */
export interface DeliveryOptions {
  /** The first marketplace unless given. */
  readonly marketplace?: string;
  /** Deliver the same request that often, one after another; all at once with `burst`. Default 1. */
  readonly times?: number;
  readonly burst?: boolean;
  /** Wait before the first, milliseconds; a range lets later ones overtake earlier ones. */
  readonly delayMs?: number | readonly [from: number, to: number];
  readonly credentials?: DeliveryCredentials;
  /** Milliseconds to wait for a response. Default 10,000. */
  readonly timeoutMs?: number;
  /**
   * Where the connection is cut: `response` when the whole request is out, `body` after half of its body. What the
   * application did meanwhile is for it to know. Not at all unless given.
   */
  readonly cut?: 'response' | 'body';
  /**
   * Milliseconds of the sandbox's clock between one of `times` and the next: the first goes at once, the others are planned
   * and not waited for. Not together with `burst`.
   */
  readonly spacingMs?: number;
}

/** A text as one word of a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A delivery as a command line. */
export function asCurl(delivery: Pick<Delivery, 'method' | 'url' | 'headers' | 'body'>): string {
  const headers = Object.entries(delivery.headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  const body = delivery.body === null ? [] : ['--data-binary', quote(delivery.body)];
  return ['curl', '-i', '-X', delivery.method, ...headers, ...body, quote(delivery.url)].join(' ');
}
