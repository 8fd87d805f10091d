const CONTEXT = 3;
/** Longer files are shown as replaced as a whole. */
const MAX_LINES = 3_000;

/** One line of a difference: kept, removed or added. */
interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** What changes in a file, in the unified form of `diff -u`; a text that is not there yet is null. */
export function unifiedDifference(path: string, before: string | null, after: string): string {
  const lines = compare(split(before ?? ''), split(after));
  const head = `--- ${before === null ? '/dev/null' : path}\n+++ ${path}\n`;
  return head + hunksOf(lines).join('');
}

function split(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Longest common subsequence: what both have stays. */
function compare(before: readonly string[], after: readonly string[]): Line[] {
  if (before.length > MAX_LINES || after.length > MAX_LINES || before.length === 0) {
    return [
      ...before.map((text): Line => ({ mark: '-', text })),
      ...after.map((text): Line => ({ mark: '+', text })),
    ];
  }
  const width = after.length + 1;
  const lengths = new Uint16Array((before.length + 1) * width);
  for (let left = before.length - 1; left >= 0; left -= 1) {
    for (let right = after.length - 1; right >= 0; right -= 1) {
      lengths[left * width + right] =
        before[left] === after[right]
          ? lengths[(left + 1) * width + right + 1]! + 1
          : Math.max(lengths[(left + 1) * width + right]!, lengths[left * width + right + 1]!);
    }
  }
  const lines: Line[] = [];
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    if (left < before.length && before[left] === after[right]) {
      lines.push({ mark: ' ', text: before[left]! });
      left += 1;
      right += 1;
    } else if (
      right >= after.length ||
      (left < before.length && lengths[(left + 1) * width + right]! >= lengths[left * width + right + 1]!)
    ) {
      lines.push({ mark: '-', text: before[left]! });
      left += 1;
    } else {
      lines.push({ mark: '+', text: after[right]! });
      right += 1;
    }
  }
  return lines;
}

/** The changed lines with three around them, each group under its line numbers. */
function hunksOf(lines: readonly Line[]): string[] {
  const near = (index: number): boolean =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ mark }) => mark !== ' ');
  const hunks: string[] = [];
  let [left, right] = [1, 1];
  let open: { head: [number, number]; body: Line[] } | null = null;
  const close = (): void => {
    if (!open) return;
    const count = (mark: Line['mark']): number => open!.body.filter((line) => line.mark !== mark).length;
    const [from, to] = open.head;
    const body = open.body.map(({ mark, text }) => `${mark}${text}\n`).join('');
    const removed = count('+');
    hunks.push(`@@ -${removed === 0 ? from - 1 : from},${removed} +${to},${count('-')} @@\n${body}`);
    open = null;
  };
  for (const [index, line] of lines.entries()) {
    if (near(index)) {
      open ??= { head: [left, right], body: [] };
      open.body.push(line);
    } else close();
    if (line.mark !== '+') left += 1;
    if (line.mark !== '-') right += 1;
  }
  close();
  return hunks;
}
