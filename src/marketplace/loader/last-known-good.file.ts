import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';

import { ConfigurationError } from '../../errors/configuration.error.js';
import type { JsonObject } from '../../interfaces/marketplace-input.interface.js';

const FORMAT = 1;

/** What the file holds. */
export interface LastKnownGood {
  readonly savedAt: Date;
  /** Entries by name of their source, as the developer platform would write them. */
  readonly sources: Readonly<Record<string, readonly JsonObject[]>>;
}

/**
 * The copy on disk from which an application starts while its sources fail. It holds keys: only its owner may read
 * it, and a file that others can read or write is not trusted. Written beside its place and moved there in one step.
 */
export class LastKnownGoodFile {
  #written: string | null = null;

  constructor(private readonly path: string) {}

  /**
   * @returns null when there is no file.
   * @throws ConfigurationError (`configuration.cacheFile`) when it is broken, or open to others.
   */
  async read(): Promise<LastKnownGood | null> {
    let text: string;
    try {
      const { mode } = await stat(this.path);
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        throw this.#error(
          'is open to other users, so its content cannot be trusted',
          'Set its mode to 0600, or delete it.',
        );
      }
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      if (error instanceof ConfigurationError) throw error;
      throw this.#error(`cannot be read (${codeOf(error)})`, 'Check its path and owner.');
    }
    const content = parse(text);
    if (!content)
      throw this.#error('holds something else', 'Delete it; it is written again after the next refresh.');
    return content;
  }

  /**
   * Writes when something changed since the last time.
   *
   * @throws ConfigurationError (`configuration.cacheFile`) when it cannot.
   */
  async write(sources: LastKnownGood['sources']): Promise<void> {
    const content = JSON.stringify(sources);
    if (content === this.#written) return;
    const beside = `${this.path}.${randomUUID()}.tmp`;
    try {
      const file = await open(beside, 'wx', 0o600);
      try {
        await file.writeFile(
          `{"format":${FORMAT},"savedAt":"${new Date().toISOString()}","sources":${content}}\n`,
        );
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.path);
      this.#written = content;
    } catch (error) {
      await rm(beside, { force: true });
      throw this.#error(
        `cannot be written (${codeOf(error)})`,
        'Check that its directory exists and is writable.',
      );
    }
  }

  #error(what: string, remedy: string): ConfigurationError {
    return new ConfigurationError(`The last-known-good file ${this.path} ${what}.`, {
      code: 'configuration.cacheFile',
      remedy,
    });
  }
}

function parse(text: string): LastKnownGood | null {
  try {
    const content = JSON.parse(text) as Partial<Record<string, unknown>> | null;
    const savedAt = new Date(String(content?.['savedAt']));
    const sources = content?.['sources'];
    if (content?.['format'] !== FORMAT || Number.isNaN(savedAt.getTime())) return null;
    if (typeof sources !== 'object' || sources === null) return null;
    if (!Object.values(sources).every((entries) => Array.isArray(entries))) return null;
    return { savedAt, sources: sources as LastKnownGood['sources'] };
  } catch {
    return null;
  }
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | null)?.code ?? 'unknown');
}
