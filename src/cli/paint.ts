import { styleText } from 'node:util';

import type { CliIo } from './cli-io.js';

/** Colours that lines have: what is well, what is not, what deserves a look, what matters less, what heads a list. */
export type Paint = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

/** A text in a colour, where the stream that it goes to shows colours. */
export function paint(io: CliIo, colour: Paint, text: string, stream: 'out' | 'err' = 'out'): string {
  return io.colours?.[stream] ? styleText(colour, text, { validateStream: false }) : text;
}
