import type { SqlDialect, SqlParameter } from '../sql-executor.js';

/** A statement taken apart at its placeholders, and the values in the order of the places. */
export interface NumberedText {
  readonly pieces: readonly string[];
  readonly values: readonly SqlParameter[];
}

/** For libraries with placeholders of their own. Our texts have no placeholder in a comment or a literal. */
export function numbered(
  dialect: SqlDialect,
  text: string,
  parameters: readonly SqlParameter[],
): NumberedText {
  if (dialect !== 'postgres') return { pieces: text.split('?'), values: parameters };
  const positions = [...text.matchAll(/\$(\d+)/g)].map(([, position]) => Number(position));
  return {
    pieces: text.split(/\$\d+/),
    values: positions.map((position) => parameters[position - 1] ?? null),
  };
}
