import type { Settings } from './evaluation/state.js';
import type { Value } from './evaluation/values.js';

/** Which official SDK a file was written for; `platform` is the developer platform's own JSON. */
export type SdkName = 'ruby' | 'php' | 'java' | 'dotnet' | 'platform';

/** Something the reader of the import should know. */
export interface ImportNote {
  /** Canonical parameter, or a topic such as `TLS`. */
  readonly subject: string;
  readonly theirs: string;
  readonly ours: string;
}

/** Where the SDK fetched its marketplaces from (protocol §2.3). What is missing came from `MNO_DEVPL_*`. */
export interface ImportedPlatform {
  /** The file that says so. */
  readonly file: string;
  readonly host?: Value;
  readonly apiPath?: Value;
  readonly name?: Value;
  readonly apiKey?: Value;
  readonly apiSecret?: Value;
}

/** What the developer platform is asked with. */
export type PlatformParameter = Exclude<keyof ImportedPlatform, 'file'>;

/** The parts that are there. */
export function platformFrom(
  file: string,
  parts: Readonly<Record<PlatformParameter, Value | undefined>>,
): ImportedPlatform {
  return { file, ...Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) };
}

/** Something that a source says and that could not be read. */
export interface OpenPart {
  /** Counted from 1; null in formats without lines. */
  readonly line: number | null;
  /** A parameter, or a sentence. Never a value: it may be a secret. */
  readonly what: string;
}

/** What one file of an official SDK says. */
export interface ImportedSource {
  readonly file: string;
  readonly sdk: SdkName;
  /** By name, in any spelling of protocol §1; the default name where the SDK had only one. */
  readonly marketplaces: ReadonlyMap<string, Settings>;
  readonly platform: ImportedPlatform | null;
  /** Parts beside the parameters, such as a list of marketplaces that only the application knows. */
  readonly open: readonly OpenPart[];
  /** Parameters of the SDK's presets that the source replaces, by environment. */
  readonly presets: ReadonlyMap<string, Settings>;
  /** Whether the source has choices by `Rails.env`, which the import decides. */
  readonly usesEnvironment: boolean;
}

/** What a reader is given beside the text. */
export interface ReaderContext {
  readonly file: string;
  /** Decides which marketplaces there are; values keep the names of their variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Name for a configuration that names none. */
  readonly defaultName: string;
  /** What `Rails.env` is. */
  readonly environment: string;
  /** Text of a file that the source names, looked for where the command runs and beside the source; null without one. */
  readFile(path: string): string | null;
  /** What such a file of JSON holds. */
  readJson(path: string): Value | null;
  /** The developer platform's part of such a file. */
  readPlatform(path: string): Promise<ImportedPlatform | null>;
}

/** A source that is no program: constants, without lines. */
export function plainSource(
  source: Pick<ImportedSource, 'file' | 'sdk' | 'marketplaces' | 'platform'>,
): ImportedSource {
  return { ...source, open: [], presets: new Map(), usesEnvironment: false };
}

/** Turns the text of one file into what it says. */
export type SourceReader = (text: string, context: ReaderContext) => ImportedSource | Promise<ImportedSource>;
