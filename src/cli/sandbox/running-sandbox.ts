import { CliError } from '../../errors/cli.error.js';
import { errorCode } from '../../utils/error-code.js';
import { isRecord } from '../../utils/values.js';
import { parseForeignJson } from '../../utils/foreign-json.js';
import type { CliCommand, CommonOptions } from '../cli-command.js';
import type { CliIo } from '../cli-io.js';
import { webUrl } from '../cli-options.js';

/** Where `nestjs-maestrano sandbox` listens by default. */
export const SANDBOX_PORT = 4100;
/** A login drives two applications; longer than the sandbox waits for either. */
const DEADLINE_MS = 60_000;
const BAD_REQUEST = 400;

/** The option of every command that needs a running sandbox. */
export interface SandboxOptions extends CommonOptions {
  readonly sandbox?: string;
}

/** Adds that option. */
export function withSandbox(command: CliCommand): CliCommand {
  return command.option(
    '--sandbox <url>',
    `where the sandbox is (MNO_DEVPL_HOST if it is on this machine, or http://127.0.0.1:${SANDBOX_PORT})`,
    webUrl,
  );
}

/** A sandbox that runs in another process, by its control interface (docs/sandbox.md). */
export class RunningSandbox {
  readonly #base: string;

  constructor({ sandbox }: SandboxOptions, { env }: CliIo) {
    this.#base = sandbox ?? localHost(env['MNO_DEVPL_HOST']) ?? `http://127.0.0.1:${SANDBOX_PORT}`;
  }

  /** Asks for something. @throws CliError `cli.sandbox`, `cli.usage` */
  get(path: string, query: Readonly<Record<string, string>> = {}): Promise<Record<string, unknown>> {
    return this.#call('GET', `${path}?${new URLSearchParams(query)}`);
  }

  /** Has something done. @throws CliError `cli.sandbox`, `cli.usage` */
  post(path: string, body: object): Promise<Record<string, unknown>> {
    return this.#call('POST', path, JSON.stringify(body));
  }

  /**
   * Events as they come, until the sandbox ends or the signal is given. Each is the data of one.
   *
   * @throws CliError `cli.sandbox`
   */
  async *follow(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<Record<string, unknown>> {
    try {
      const response = await this.#send('GET', `${path}?${new URLSearchParams(query)}`, undefined, signal);
      let pending = '';
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        const blocks = (pending + chunk).split('\n\n');
        pending = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = /^data: ?(.*)$/m.exec(block)?.[1];
          const value = data === undefined ? null : parseForeignJson(data);
          if (isRecord(value)) yield value;
        }
      }
    } catch (error) {
      // An end of the sandbox, and one of ours, cut the connection: what was said was said.
      if (!signal.aborted && error instanceof CliError) throw error;
    }
  }

  async #call(method: string, path: string, body?: string): Promise<Record<string, unknown>> {
    const response = await this.#send(method, path, body, AbortSignal.timeout(DEADLINE_MS));
    return (await readObject(response)) ?? {};
  }

  async #send(
    method: string,
    path: string,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<Response> {
    const response = await fetch(`${this.#base}/api/sandbox/v1/${path}`, {
      method,
      signal,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body }),
    }).catch((error: unknown) => {
      throw this.#absent(reasonOf(error), error);
    });
    if (response.ok) return response;
    const problem = await readObject(response);
    if (response.status === BAD_REQUEST && typeof problem?.['code'] === 'string') throw rejectionOf(problem);
    throw this.#absent(`it responded with ${response.status}`);
  }

  #absent(reason: string, cause?: unknown): CliError {
    return new CliError('cli.sandbox', {
      message: `No sandbox of this version responds at ${this.#base} (${reason}).`,
      remedy: 'Start one with nestjs-maestrano sandbox, or say where it is with --sandbox.',
      cause,
    });
  }
}

/** A value that the sandbox responded, for a line of text; empty where it is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** What the sandbox says is wrong with what it was asked: the arguments are, but for a login that went astray. */
function rejectionOf(problem: Readonly<Record<string, unknown>>): CliError {
  return new CliError(problem['code'] === 'sandbox.login' ? 'cli.sandbox' : 'cli.usage', {
    message: textOf(problem['message']),
    remedy: textOf(problem['remedy']),
  });
}

/** The real developer platform has nothing to be triggered. */
function localHost(host: string | undefined): string | null {
  if (!host || !URL.canParse(host)) return null;
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(host).hostname)
    ? host.replace(/\/+$/, '')
    : null;
}

async function readObject(response: Response): Promise<Record<string, unknown> | null> {
  const value: unknown = await response.json().catch(() => null);
  return isRecord(value) ? value : null;
}

/** Looks at the shape: `fetch` wraps what the system said, in a class of its own realm. */
function reasonOf(error: unknown): string {
  const cause = isRecord(error) && isRecord(error['cause']) ? error['cause'] : error;
  const name = isRecord(cause) && typeof cause['name'] === 'string' ? cause['name'] : 'no reason given';
  return errorCode(cause) ?? name;
}
