/**
 * Where secrets come into the product, and where it speaks other than through streams and Nest's logger. File below
 * src, exported name, and what is done with its arguments and its result. Classes are watched when they are made.
 */
export const WATCH_POINTS = {
  // API keys, the developer platform's secret, tokens of marketplace sessions.
  'utils/secret.ts': { Secret: (canary, [value]) => canary.learn('key or token', value) },
  'session/session-seal.service.ts': {
    SessionKeys: (canary, [secrets]) => secrets.forEach((secret) => canary.learn('session secret', secret)),
  },
  'utils/basic-credentials.ts': {
    parseBasicCredentials: (canary, [header], credentials) => {
      canary.learn('Basic header', header?.replace(/^basic +/i, '').trim());
      canary.learn('presented password', credentials?.password);
    },
  },
  // What goes out, and everything that the Account API, Connec! and the developer platform respond with.
  'http/http-messages.ts': {
    toWireRequest: (canary, _, request) => {
      canary.learn('Basic header', request?.headers.authorization?.replace(/^Basic /, ''));
      learnContent(canary, 'sent', parsed(request?.body ?? null));
    },
    parseJsonBody: (canary, _, json) => learnContent(canary, 'answered', json),
  },
  'connec/notifications/notification-reader.ts': {
    readNotification: (canary, [body]) => learnContent(canary, 'notified', body),
  },
  // Whether it is accepted or not: what arrives as a response may be somebody's.
  'sso/saml/xml-reader.ts': {
    responseText: (canary, [field], xml) => {
      const pieces = typeof field === 'string' ? field.slice(0, LONGEST).match(/\S{40}/g) : null;
      for (const piece of pieces ?? []) canary.learn('SAMLResponse', piece, false);
      for (const [, name, inner] of (xml ?? '').slice(0, LONGEST).matchAll(ATTRIBUTE)) {
        for (const [, text] of inner.matchAll(VALUE)) learnAttribute(canary, name, text);
      }
    },
  },
  'sso/login/login-profile.ts': {
    mapProfile: (canary, [, attributes]) =>
      attributes.forEach((value, name) => learnAttribute(canary, name, value)),
  },
  'sandbox/keys/key-pairs.ts': {
    keyPair: (canary, _, pair) =>
      pair?.privateKey
        .split('\n')
        .forEach((line) => canary.learn('private key', line.startsWith('-') ? null : line)),
  },
  'errors/maestrano.error.ts': { MaestranoError: (canary, _, error) => canary.error(error) },
  'routing/http-errors.ts': {
    toHttpException: (canary, _, exception) => canary.output('an answer', exception),
  },
  'cli/run-cli.ts': {
    runCli: {
      before: (canary, [, io]) => {
        for (const stream of ['out', 'err']) io[stream] = canary.recording('the command line', io[stream]);
      },
    },
  },
};

/** Characters of a response that are looked at: a real one has 10,000, hostile ones have millions. */
const LONGEST = 30_000;
/** Values of a document that are looked at, likewise. */
const MOST = 20_000;
const ATTRIBUTE = /<(?:\w+:)?Attribute\s[^>]*Name="(\w+)"[^>]*>([^]*?)<\/(?:\w+:)?Attribute>/g;
const VALUE = /<(?:\w+:)?AttributeValue[^>]*>([^<]*)</g;

/** What of a login is about a person or a company; identifiers and settings are for logs. */
const PERSONAL =
  /^(?:mno_session|email|virtual_email|group_email|name|surname|company_name|group_name|reseller_name|group_city)$/;

function learnAttribute(canary, name, value) {
  if (PERSONAL.test(name)) canary.learn(`attribute ${name}`, value.trim());
}

/** Fields whose values are secret or personal in whatever shape they come. */
const ALWAYS =
  /^(?:key|api_?key|api_?secret|password|sso_session|mno_session|email|surname|(?:first|last|family|given)_name|phone|telephone|mobile|landline)$/i;
/** What the platform says about a request, and addresses: for the application's developers, who may read both. */
const OPEN = /^(?:errors?|messages?|detail|title|host)$/;

/**
 * Values of a JSON document by field: the secret ones, and every text that was written by people, which is one with
 * a space, an @ or a letter outside ASCII. Words without are identifiers, states and codes.
 */
function learnContent(canary, origin, value, field = '', depth = 0, budget = { left: MOST }) {
  if (typeof value === 'string') {
    if (value.length > LONGEST) return;
    if (ALWAYS.test(field) || /[ @]|[^\0-\x7f]/.test(value)) canary.learn(`${origin} ${field}`, value);
  } else if (typeof value === 'object' && value !== null && depth < 12) {
    for (const name in value) {
      if ((budget.left -= 1) < 0) return;
      if (!OPEN.test(name)) {
        const own = Array.isArray(value) ? field : name;
        learnContent(canary, origin, value[name], own, depth + 1, budget);
      }
    }
  }
}

function parsed(body) {
  if (body === null) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return Object.fromEntries(new URLSearchParams(body));
  }
}

/** The exported function or class of a file, with its calls observed. */
export function watch(canary, file, name, original) {
  const point = WATCH_POINTS[file][name];
  const { before, after: observe = () => {} } = typeof point === 'function' ? { after: point } : point;
  if (isClass(original)) {
    const watched = class extends original {
      constructor(...values) {
        super(...values);
        observe(canary, values, this);
      }
    };
    return Object.defineProperty(watched, 'name', { value: name });
  }
  return Object.defineProperty(
    function watched(...values) {
      let result;
      before?.(canary, values);
      try {
        result = Reflect.apply(original, this, values);
      } catch (error) {
        observe(canary, values, undefined);
        throw error;
      }
      if (typeof result?.then === 'function')
        result.then(
          (settled) => observe(canary, values, settled),
          () => {},
        );
      else observe(canary, values, result);
      return result;
    },
    'name',
    { value: name },
  );
}

function isClass(value) {
  return Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;
}
