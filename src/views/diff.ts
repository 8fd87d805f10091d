import { html, type Html } from './html.js';

/** A line of two texts side by side; null where only the other one has it. */
export type LinePair = readonly [left: string | null, right: string | null];

/** Lines of each text that are compared; what is beyond is left out. */
const MAX_LINES = 400;

/**
 * Two texts line by line: what they share stands once on either side, what differs side by side in its place. The longest
 * common sequence decides; 400 lines of each at most.
 */
export function pairLines(left: string, right: string): LinePair[] {
  const [before, after] = [left, right].map((text) => text.split('\n').slice(0, MAX_LINES)) as [
    string[],
    string[],
  ];
  // Length of the longest common sequence from each pair of lines on.
  const common = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      common[i]![j] =
        before[i] === after[j]
          ? common[i + 1]![j + 1]! + 1
          : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);

  const pairs: LinePair[] = [];
  const [gone, come]: [string[], string[]] = [[], []];
  const flush = (): void => {
    for (let index = 0; index < Math.max(gone.length, come.length); index++)
      pairs.push([gone[index] ?? null, come[index] ?? null]);
    gone.length = come.length = 0;
  };
  for (let i = 0, j = 0; i < before.length || j < after.length;) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      flush();
      pairs.push([before[i++]!, after[j++]!]);
    } else if (j >= after.length || (i < before.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      gone.push(before[i++]!);
    } else come.push(after[j++]!);
  }
  flush();
  return pairs;
}

/** The difference of two texts: two columns, one below the other on phones, where equal lines stand once. */
export function difference(left: string, right: string, pairs: readonly LinePair[]): Html {
  return html`<div class="diff" role="group" aria-label="Difference: ${left} and ${right}">
    <div class="r h"><span>${left}</span><span>${right}</span></div>
    ${pairs.map(([before, after]) =>
      before === after
        ? html`<div class="r"><code class="l same">${before}</code><code class="n same">${after}</code></div>`
        : html`<div class="r chg">
            <code class="l">${before === null ? '' : html`<del>${before}</del>`}</code
            ><code class="n">${after === null ? '' : html`<ins>${after}</ins>`}</code>
          </div>`,
    )}
  </div>`;
}
