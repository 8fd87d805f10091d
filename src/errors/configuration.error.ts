import { type ErrorTable, MaestranoError, type MaestranoErrorFacts } from './maestrano.error.js';

/** Codes of everything that can be wrong with the configuration (protocol §1, §2), with their meaning. */
export const CONFIGURATION_ERROR_CODES = {
  'configuration.invalid': {
    meaning: 'The configuration leaves no marketplace to serve, or has errors in strict mode.',
  },
  'configuration.none': { meaning: 'No source of marketplaces is configured, or none of them brought one.' },
  'configuration.unknownMarketplace': { meaning: 'No marketplace of that name is configured.' },
  'configuration.noDefault': { meaning: 'Several marketplaces, and none of them is the default.' },
  'configuration.options': { meaning: 'An option of the module is missing or has an unusable value.' },
  'configuration.source': { meaning: 'A source of marketplaces failed.' },
  'configuration.sourceTimeout': { meaning: 'A source of marketplaces did not respond in time.' },
  'configuration.sourceStatus': { meaning: 'The developer platform responded with an error status.' },
  'configuration.sourceCredentials': {
    meaning: 'The developer platform rejected the environment key and secret.',
  },
  'configuration.sourceBody': {
    meaning: 'The developer platform responded with something that is not JSON.',
  },
  'configuration.sourceEmpty': { meaning: 'A source that had brought marketplaces suddenly brings none.' },
  'configuration.cacheFile': { meaning: 'The last-known-good file cannot be read, written or trusted.' },
  'configuration.body': { meaning: 'The configuration as a whole has none of the known forms.' },
  'configuration.platformError': { meaning: 'The developer platform responded with an error body.' },
  'configuration.entry': { meaning: 'An entry in the list of marketplaces is not an object.' },
  'configuration.name': { meaning: 'The name of a marketplace is missing or holds odd characters.' },
  'configuration.missing': { meaning: 'A required parameter is missing.' },
  'configuration.value': { meaning: 'A parameter has a value of the wrong kind.' },
  'configuration.unknownKey': { meaning: 'A parameter that nobody reads, usually a misspelling.' },
  'configuration.host': { meaning: 'A host is not an http(s) URL, or holds credentials, a query or a path.' },
  'configuration.insecureHost': { meaning: 'Credentials would travel over plain http in production.' },
  'configuration.path': { meaning: 'A path is a full URL, or holds characters that no path has.' },
  'configuration.placeholder': { meaning: 'A path template lacks a placeholder such as `:id`.' },
  'configuration.certificate': { meaning: 'A certificate does not parse, or its key is unusable.' },
  'configuration.certificateWeak': { meaning: 'A certificate has an RSA key under 2048 bits.' },
  'configuration.certificateExpiry': { meaning: 'A certificate has expired or will within 30 days.' },
  'configuration.publicKeyCertificate': {
    meaning: 'The private key of this certificate is public: anybody can forge logins.',
  },
  'configuration.fingerprint': { meaning: 'A fingerprint is malformed or does not match the certificate.' },
  'configuration.fingerprintOnly': { meaning: 'A fingerprint is configured without its certificate.' },
  'configuration.tlsVerification': { meaning: 'Verification of TLS certificates cannot be switched off.' },
  'configuration.duplicate': { meaning: 'Two entries have one name.' },
  'configuration.sharedPath': { meaning: 'Two marketplaces have one SSO path and cannot be distinguished.' },
  'configuration.sharedRoute': { meaning: 'Two registrations of the module would serve one path.' },
  'configuration.moduleMissing': {
    meaning: 'A module that works beside `MaestranoModule` is imported without it.',
    remedy:
      'Import MaestranoModule.forRoot() or MaestranoModule.forRootAsync() beside it, and leave isGlobal as it is.',
  },
  'configuration.sharedCredentials': {
    meaning: 'Two marketplaces have one id and key, so credentials do not tell them apart.',
  },
} as const satisfies ErrorTable;

export type ConfigurationErrorCode = keyof typeof CONFIGURATION_ERROR_CODES;

/** One thing that is wrong with the configuration. Never holds the value of a secret. */
export interface ConfigurationProblem {
  readonly code: ConfigurationErrorCode;
  /** `error`: the marketplace or one of its features cannot be used as configured. `warning`: it works. */
  readonly severity: 'error' | 'warning';
  /** Null when the configuration as a whole is meant, or an entry without a name. */
  readonly marketplace: string | null;
  /** Canonical parameter such as `sso.idp` (protocol §1.2); null when the whole entry is meant. */
  readonly key: string | null;
  /** What was found, shortened; null where nothing was found or it must not be shown. */
  readonly found: string | null;
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** What is known of a configuration that cannot be used. */
export interface ConfigurationErrorFacts extends MaestranoErrorFacts {
  /** Everything that is wrong, each with its place and remedy; none by default. */
  readonly problems?: readonly ConfigurationProblem[];
}

/** The configuration cannot be used. `problems` lists everything that is wrong with it, not only the first. */
export class MaestranoConfigurationError extends MaestranoError {
  declare readonly code: ConfigurationErrorCode;
  readonly problems: readonly ConfigurationProblem[];

  constructor(code: ConfigurationErrorCode, facts: ConfigurationErrorFacts = {}) {
    const entry = CONFIGURATION_ERROR_CODES[code];
    const { problems = [], message = entry.meaning } = facts;
    const list = problems.map(describeProblem).join('\n');
    super(entry, code, { ...facts, message: list ? `${message}\n${list}\n` : message });
    this.problems = problems;
  }
}

/** One line for logs and errors: marketplace, key, what happened, what was found, what to do. */
export function describeProblem(problem: ConfigurationProblem): string {
  const subject = [problem.marketplace && `"${problem.marketplace}"`, problem.key].filter(Boolean).join(' ');
  const found = problem.found === null ? '' : ` Found: ${problem.found}.`;
  return `- ${subject || 'configuration'}: ${problem.message}${found} ${problem.remedy} [${problem.code}]`;
}
