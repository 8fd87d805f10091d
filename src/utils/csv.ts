/** A cell: quoted where it has to be, and never a formula. A negative number stays one. */
function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const isNumber = /^-\d+(?:\.\d+)?$/.test(text);
  const safe = /^[=@+\-\t\r]/.test(text) && !isNumber ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as CSV (RFC 4180). What a spreadsheet would take for a formula is text. */
export function csvText(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => `${row.map((value) => cell(value)).join(',')}\r\n`).join('');
}
