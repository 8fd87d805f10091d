import { CliError } from '../../../errors/cli.error.js';
import { Evaluation } from '../evaluation/evaluation.js';
import type { Settings } from '../evaluation/state.js';
import type { Value } from '../evaluation/values.js';
import type { ImportedSource, ReaderContext } from '../imported-source.js';
import { openParts, platformOfCall } from './program.js';
import { PRESET_TABLE, RubyDialect } from './ruby-dialect.js';
import { readRubySettings } from './ruby-settings.js';
import { parseRuby, RubySyntaxError } from './ruby-syntax.js';

/**
 * Reads a Rails initializer: `Maestrano.configure`, `Maestrano['preset'].configure`, `Maestrano.auto_configure` and
 * changes of the SDK's own presets (protocol §1.8, §1.9, §2.3).
 *
 * @throws CliError `cli.format` for what is not Ruby
 */
export async function readRubyInitializer(source: string, context: ReaderContext): Promise<ImportedSource> {
  const dialect = new RubyDialect(
    context,
    /\bSettings\b/.test(source) ? await readRubySettings(context) : null,
  );
  const evaluation = new Evaluation(dialect, context.env);
  try {
    evaluation.run(await parseRuby(source));
  } catch (error) {
    if (!(error instanceof RubySyntaxError)) throw error;
    throw new CliError('cli.format', {
      message: `${context.file} is not Ruby: line ${error.line}: ${error.message}.`,
      remedy: 'Give the initializer as it is.',
    });
  }
  const { marketplaces, platform: call } = evaluation.state;
  const { platform, open } = await platformOfCall(call, evaluation, context);
  return {
    file: context.file,
    sdk: 'ruby',
    marketplaces,
    platform,
    open: [...openParts(evaluation), ...open],
    presets: changedPresets(evaluation),
    usesEnvironment: dialect.usesEnvironment,
  };
}

/** What the program changed in the SDK's table of presets. */
function changedPresets(evaluation: Evaluation): ImportedSource['presets'] {
  const table = evaluation.state.variables.get(PRESET_TABLE);
  const line = evaluation.assignedAt.get(PRESET_TABLE) ?? null;
  if (table?.kind !== 'map') return new Map();
  return new Map([...table.entries].map(([environment, preset]) => [environment, entriesOf(preset, line)]));
}

/** One preset; `…` stands for parameters of which not even the names are known. */
function entriesOf(preset: Value, line: number | null): Settings {
  const entries = preset.kind === 'map' ? [...preset.entries] : [['…', preset] as const];
  return new Map(entries.map(([name, value]) => [name, { value, line }]));
}
