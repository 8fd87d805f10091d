import type { SandboxDuration } from './clock/duration.js';

/**
 * Whose manners the sandbox has where sources differ (protocol §11.1, §12, §B):
 * - `default`: the statuses and shapes that were observed, plus what the old public sandbox lacked;
 * - `strict`: as the platform is documented: 404 for what does not exist, login only to configured consume URLs;
 * - `like-2016`: as the old public sandbox was, losses and all.
 */
export type SandboxBehaviour = 'default' | 'strict' | 'like-2016';

/** Ready-made data. */
export type ScenarioName = 'empty' | 'demo' | 'two-marketplaces' | 'virtual-users' | 'many-groups';

/** How a sandbox is started. */
export interface StartSandboxOptions {
  /** TCP port; 0 takes a free one. Default 0. */
  readonly port?: number;
  /** Address to listen on. Default `127.0.0.1`; anything else is reachable by others and must be given explicitly. */
  readonly host?: string;
  /** Default `demo`. */
  readonly scenario?: ScenarioName;
  /** Decides ids, keys and tokens. Default 1. */
  readonly seed?: number;
  /** Where the application under test is. Default `http://localhost:3000`; see {@link Sandbox.setAppUrl}. */
  readonly appUrl?: string;
  readonly behaviour?: SandboxBehaviour;
  /** Digest of signatures. Default `sha1`, as the real provider signs. */
  readonly signatureAlgorithm?: 'sha1' | 'sha256';
  /** Where the clock starts: a moment, or how far from the machine's time. */
  readonly clock?: Date | { readonly offset: SandboxDuration };
  /** File that the state is read from and written to. Holds the sandbox's keys; created with mode 0600. */
  readonly persist?: string;
}

/** Injection token of the resolved options. */
export const SANDBOX_OPTIONS = Symbol('SANDBOX_OPTIONS');

/** Options with every default filled in, and the address once it is known. */
export interface ResolvedSandboxOptions {
  readonly host: string;
  readonly scenario: ScenarioName;
  readonly seed: number;
  /** Null leaves what the state says. */
  readonly appUrl: string | null;
  readonly behaviour: SandboxBehaviour;
  readonly signatureAlgorithm: 'sha1' | 'sha256';
  readonly persist: string | null;
  /** Scheme, host and port of the sandbox, without trailing slash; empty until it listens. */
  url: string;
}
