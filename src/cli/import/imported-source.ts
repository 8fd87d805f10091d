import type { JsonObject } from '../../interfaces/marketplace-input.interface.js';

/** Which official SDK a file was written for; `platform` is the developer platform's own JSON. */
export type SdkName = 'ruby' | 'php' | 'java' | 'dotnet' | 'platform';

/** Something the reader of the import should know. */
export interface ImportNote {
  /** Canonical parameter, or a topic such as `TLS`. */
  readonly subject: string;
  readonly theirs: string;
  readonly ours: string;
}

/** Where the SDK fetched its marketplaces from (protocol §2.3). */
export interface ImportedPlatform {
  readonly host?: string;
  readonly apiPath?: string;
  readonly name?: string;
  readonly apiKey?: string;
  readonly apiSecret?: string;
}

/** What one file of an official SDK says. */
export interface ImportedSource {
  readonly file: string;
  readonly sdk: SdkName;
  /** By name, in any spelling of protocol §1; the name `maestrano` where the SDK had only one. */
  readonly marketplaces: ReadonlyMap<string, JsonObject>;
  readonly platform: ImportedPlatform | null;
  /** Parts that could not be read, such as an expression that calls application code. */
  readonly unreadable: readonly string[];
}

/** What a reader is given beside the text. */
export interface ReaderContext {
  readonly file: string;
  /** For `ENV['X']`, `getenv('X')` and the like. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Name for a configuration that names none. */
  readonly defaultName: string;
}

/** Turns the text of one file into what it says. */
export type SourceReader = (text: string, context: ReaderContext) => ImportedSource;
