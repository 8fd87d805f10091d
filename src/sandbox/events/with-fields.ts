import { isRecord } from '../../utils/values.js';

type Document = Readonly<Record<string, unknown>>;

/** A document in which the fields of some paths (`email.address`) have other values. */
export function withFields(document: Document, fields: Document): Record<string, unknown> {
  return Object.entries(fields).reduce<Record<string, unknown>>(
    (changed, [path, value]) => withField(changed, path.split('.'), value),
    { ...document },
  );
}

function withField(
  document: Document,
  [head = '', ...rest]: string[],
  value: unknown,
): Record<string, unknown> {
  const inner = document[head];
  return {
    ...document,
    [head]: rest.length === 0 ? value : withField(isRecord(inner) ? inner : {}, rest, value),
  };
}
