import { inspect } from 'node:util';

import { LeakSearch } from './leak-search.mjs';

const LEVELS = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'];
/** Thrown in a test or in a sample, which play the application. */
const APPLICATION = /^.*(?:\n(?!\s+at ).*)*\n\s+at .*[/\\](?:test|sample)[/\\]/;
/** Places in the code: they hold no values, and their paths have words that somebody may be called. */
const FRAMES = /\n\s+at .*/g;
const INSPECT = { depth: 12, maxStringLength: Infinity, maxArrayLength: Infinity, breakLength: Infinity };

/**
 * What one test file put out, and the secrets that the product held meanwhile. Lives outside the test's realm, in the
 * environment, and is known there as `globalThis.__canary`.
 */
export class CanaryRecorder {
  /** @type {{ where: string, text: string }[]} */
  #output = [];
  /** @type {Error[]} */
  #errors = [];
  #search = new LeakSearch();
  #loggers = new WeakSet();
  /** Lines of the console that were not handed over yet. */
  pending = () => [];
  /** How many secrets of each kind were learnt: a net without secrets would catch nothing. */
  kinds = {};

  /**
   * A secret value. Values that are too short to be unique, and what is no text, are passed over.
   *
   * @param encoded whether to look for it in JSON, in URLs and as base64 too.
   */
  learn(kind, value, encoded = true) {
    if (!this.#search.add(kind, value, encoded)) return;
    this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
  }

  /** Something that was written for people or other programs. */
  output(where, ...values) {
    for (const value of values) {
      const text =
        typeof value === 'string' ? value : value instanceof Uint8Array ? decode(value) : show(value);
      if (text !== '') this.#output.push({ where, text });
    }
  }

  /** An error of the product. Read when the test file is over, because it is not complete yet. */
  error(error) {
    this.#errors.push(error);
  }

  /** Records what a Nest logger class is handed, whoever silences or replaces what it writes to. */
  logger(Logger) {
    for (const target of [Logger.prototype, Logger]) {
      if (this.#loggers.has(target)) continue;
      this.#loggers.add(target);
      for (const level of LEVELS) {
        if (typeof target[level] === 'function') target[level] = this.recording('log record', target[level]);
      }
    }
  }

  /** Whether a method of this object is a logger's. */
  isLogger(object, method) {
    return this.#loggers.has(object) && LEVELS.includes(method);
  }

  /** The function, with its arguments recorded. */
  recording(where, original) {
    const recorder = this;
    return Object.assign(function recorded(...values) {
      recorder.output(where, ...values);
      return Reflect.apply(original, this, values);
    }, original);
  }

  /** What leaked until now; the record begins anew. */
  takeHits() {
    const errors = this.#errors.splice(0);
    this.output('the console', ...this.pending());
    for (const error of errors) this.output(`a ${error.name}`, describe(error));
    return this.#output.splice(0).flatMap(({ where, text }) => this.#search.find(where, text));
  }
}

function decode(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function show(value) {
  return inspect(value, INSPECT).replaceAll(FRAMES, '');
}

/**
 * An error with what is in it and its causes, without stacks: those repeat the text, and under jest each costs a
 * millisecond. What the application itself threw is its own, and is handed back to it as it was; that the product
 * prints it nowhere shows in the output.
 */
function describe(error) {
  const { name, message, cause, errors, ...own } = error;
  const further = [cause, ...(Array.isArray(errors) ? errors : [])].filter((one) => one !== undefined);
  const texts = further.map((one) => {
    if (!(one instanceof Error || one?.stack)) return inspect(one, INSPECT);
    return APPLICATION.test(one.stack) ? '' : describe(one);
  });
  return [`${name}: ${message}`, inspect(own, INSPECT), ...texts].join('\n');
}
