import { CliError } from '../../../errors/cli.error.js';
import { isKnownParameter } from '../../../marketplace/normaliser/parameter-names.js';
import { Evaluation } from '../evaluation/evaluation.js';
import type { Value } from '../evaluation/values.js';
import type { ImportedSource, ReaderContext } from '../imported-source.js';
import { flattenSettings } from '../settings.js';
import { platformOf } from './json.reader.js';
import { PhpDialect, setAll } from './php-dialect.js';
import { parsePhp, PhpSyntaxError } from './php-syntax.js';
import { openParts, platformOfCall } from './program.js';

/**
 * Reads PHP: `Maestrano::configure(array(…))`, `Maestrano::with('preset')->configure([…])`, `Maestrano::autoConfigure()`,
 * or a file that returns such an array (protocol §1.8, §1.9, §2.3).
 *
 * @throws CliError `cli.format` for what is not PHP
 */
export async function readPhpConfiguration(source: string, context: ReaderContext): Promise<ImportedSource> {
  const evaluation = new Evaluation(new PhpDialect(context), context.env);
  let returned: Value;
  try {
    returned = evaluation.run(parsePhp(source));
  } catch (error) {
    if (!(error instanceof PhpSyntaxError)) throw error;
    throw new CliError('cli.format', {
      message: `${context.file} is not PHP: line ${error.line}: ${error.message}.`,
      remedy: 'Give the configuration as it is.',
    });
  }
  const ownPlatform = platformOf(returned, context.file);
  if (!ownPlatform && isConfiguration(returned)) setAll(context.defaultName, '', returned, 1, evaluation);
  const { platform, open } = await platformOfCall(evaluation.state.platform, evaluation, context);
  return {
    file: context.file,
    sdk: 'php',
    marketplaces: evaluation.state.marketplaces,
    platform: ownPlatform ?? platform,
    open: [...openParts(evaluation), ...open],
    presets: new Map(),
    usesEnvironment: false,
  };
}

/** A file may return arrays of anything: it is ours when one parameter is. */
function isConfiguration(value: Value): boolean {
  if (value.kind !== 'map') return false;
  const settings = new Map([...value.entries].map(([name, child]) => [name, { value: child, line: null }]));
  return [...flattenSettings(settings).keys()].some(isKnownParameter);
}
