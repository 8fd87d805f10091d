import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';

import { MaestranoConfigurationError } from '../../errors/configuration.error.js';
import type { JsonObject } from '../../interfaces/marketplace-input.interface.js';
import { errorCode } from '../../utils/error-code.js';
import { parseForeignJson } from '../../utils/foreign-json.js';
import { isRecord } from '../../utils/values.js';

const FORMAT = 1;

/** What the file holds. */
export interface LastKnownGood {
  /** When its content was in force last: the file's modification time. */
  readonly confirmedAt: Date;
  /** Entries by name of their source, as the developer platform would write them. */
  readonly sources: Readonly<Record<string, readonly JsonObject[]>>;
}

/**
 * The copy on disk from which an application starts while its sources fail. It holds keys: only its owner may read
 * it, and a file that others can read or write is not trusted. Written beside its place and moved there in one step.
 */
export class LastKnownGoodFile {
  /** Revisions of what the file holds. */
  #written: string | null = null;

  constructor(private readonly path: string) {}

  /**
   * @returns null when there is no file.
   * @throws MaestranoConfigurationError (`configuration.cacheFile`) when it is broken, or open to others.
   */
  async read(): Promise<LastKnownGood | null> {
    try {
      const { mode, mtime } = await stat(this.path);
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        const remedy = 'Set its mode to 0600, or delete it.';
        throw this.#error('is open to other users, so its content cannot be trusted', remedy);
      }
      const sources = parse(await readFile(this.path, 'utf8'));
      if (sources) return { confirmedAt: mtime, sources };
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      if (error instanceof MaestranoConfigurationError) throw error;
      throw this.#error(`cannot be read (${errorCode(error) ?? 'unknown'})`, 'Check its path and owner.');
    }
    throw this.#error('holds something else', 'Delete it; it is written again after the next refresh.');
  }

  /**
   * Writes what is in force, unless that is in the file already.
   *
   * @param revisions equal for equal content.
   * @throws MaestranoConfigurationError (`configuration.cacheFile`) when it cannot.
   */
  async write(revisions: string, content: () => LastKnownGood['sources']): Promise<void> {
    if (revisions === this.#written) return;
    await this.#change(() => this.#replace({ format: FORMAT, sources: content() }));
    this.#written = revisions;
  }

  /**
   * Notes that the content is in force now.
   *
   * @throws MaestranoConfigurationError (`configuration.cacheFile`) when it cannot; then the next write is a whole one.
   */
  confirm(): Promise<void> {
    const now = new Date();
    return this.#change(() => utimes(this.path, now, now));
  }

  async #change(change: () => Promise<void>): Promise<void> {
    try {
      await change();
    } catch (error) {
      this.#written = null;
      const remedy = 'Check that its directory exists and is writable.';
      throw this.#error(`cannot be written (${errorCode(error) ?? 'unknown'})`, remedy);
    }
  }

  async #replace(content: object): Promise<void> {
    const beside = `${this.path}.${randomUUID()}.tmp`;
    try {
      const file = await open(beside, 'wx', 0o600);
      try {
        await file.writeFile(`${JSON.stringify(content)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.path);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  }

  #error(what: string, remedy: string): MaestranoConfigurationError {
    return new MaestranoConfigurationError('configuration.cacheFile', {
      message: `The last-known-good file ${this.path} ${what}.`,
      remedy,
    });
  }
}

function parse(text: string): LastKnownGood['sources'] | null {
  try {
    const content = parseForeignJson(text);
    if (!isRecord(content) || content.format !== FORMAT || !isRecord(content.sources)) return null;
    const { sources } = content;
    if (!Object.values(sources).every((entries) => Array.isArray(entries))) return null;
    return sources as LastKnownGood['sources'];
  } catch {
    return null;
  }
}
