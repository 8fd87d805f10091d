import type { Evaluation } from '../evaluation/evaluation.js';
import type { PlatformCall } from '../evaluation/state.js';
import { resolve } from '../evaluation/values.js';
import type { ImportedPlatform, OpenPart, ReaderContext } from '../imported-source.js';

/** What a program says beside parameters and could not be understood. */
export function openParts({ open }: Evaluation): OpenPart[] {
  return [...open].map(([line, what]) => ({ line, what }));
}

/** What `auto_configure` and `autoConfigure` mean: the developer platform, with the variables or the named file. */
export async function platformOfCall(
  call: PlatformCall | null,
  { env }: Evaluation,
  context: ReaderContext,
): Promise<{ readonly platform: ImportedPlatform | null; readonly open: readonly OpenPart[] }> {
  if (!call) return { platform: null, open: [] };
  const isNamed = call.file !== null && !(call.file.kind === 'constant' && call.file.value === null);
  if (!isNamed || call.file === null) return { platform: { file: context.file }, open: [] };
  const path = resolve(call.file, env);
  const found = typeof path === 'string' ? await context.readPlatform(path) : null;
  if (found) return { platform: found, open: [] };
  const what =
    typeof path === 'string'
      ? `the developer platform's file "${path}" was not found; name it as well`
      : 'the developer platform’s file is one that only the application knows; name it as well';
  return { platform: { file: context.file }, open: [{ line: call.line, what }] };
}
