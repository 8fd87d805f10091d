import { errorCode } from '../../../utils/error-code.js';
import { mergeValues } from '../evaluation/built-ins.js';
import type { Value } from '../evaluation/values.js';
import type { ReaderContext } from '../imported-source.js';

/**
 * What `Settings` is in an application with the gem `config`: its files, a later one over an earlier one. Null without
 * any of them, or without the package that parses them: only the application itself can tell then.
 *
 * @throws CliError `cli.format` for a file that is not YAML
 */
export async function readRubySettings(context: ReaderContext): Promise<Value | null> {
  const { environment } = context;
  const files = [
    'config/settings.yml',
    `config/settings/${environment}.yml`,
    `config/environments/${environment}.yml`,
    'config/settings.local.yml',
    `config/settings/${environment}.local.yml`,
  ];
  const texts = files.flatMap((file) => {
    const text = context.readFile(file);
    return text === null ? [] : [{ file, text }];
  });
  if (texts.length === 0) return null;
  const readYaml = await yamlReader();
  if (!readYaml) return null;
  const values = texts.map(({ file, text }) => readYaml(text, file)).filter(({ kind }) => kind === 'map');
  return values.length === 0 ? null : values.reduce((under, over) => mergeValues(under, over, true, 1));
}

async function yamlReader(): Promise<((text: string, file: string) => Value) | null> {
  try {
    return (await import('./yaml.reader.js')).readYaml;
  } catch (error) {
    if (errorCode(error) === 'ERR_MODULE_NOT_FOUND' || errorCode(error) === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}
