import { type Constant, type Value } from './evaluation/values.js';

/** A value as a TypeScript expression. */
interface Printed {
  readonly source: string;
  /** Whether it can stand beside any operator without parentheses. */
  readonly atomic: boolean;
  /** Whether it can be undefined. */
  readonly nullable: boolean;
}

/**
 * Prints a value that is known, or known where the application runs.
 *
 * @param constantOf prints what is known; secrets are moved elsewhere by it.
 */
export function printExpression(value: Value, constantOf: (constant: Constant) => string = literal): string {
  const { source, atomic, nullable } = print(value, constantOf);
  return nullable ? `${atomic ? source : `(${source})`} ?? ''` : source;
}

function print(value: Value, constantOf: (constant: Constant) => string): Printed {
  const of = (part: Value): Printed => print(part, constantOf);
  const operand = (part: Value, condition = false): string => {
    // What is compared with is no secret that would be sent anywhere.
    const { source, atomic } = condition ? print(part, literal) : of(part);
    return atomic ? source : `(${source})`;
  };
  switch (value.kind) {
    case 'constant':
      return value.value === null
        ? { source: 'undefined', atomic: true, nullable: true }
        : {
            source: constantOf(value.value),
            atomic: !constantOf(value.value).includes(' ?? '),
            nullable: false,
          };
    case 'environment':
      return { source: `process.env[${literal(value.name)}]`, atomic: true, nullable: true };
    case 'text':
      return { source: template(value.parts, constantOf), atomic: true, nullable: false };
    case 'fallback': {
      const right = of(value.right);
      const source = `${operand(value.left)} ${value.blank ? '||' : '??'} ${operand(value.right)}`;
      return { source, atomic: false, nullable: right.nullable };
    }
    case 'equal':
      return {
        source: `${operand(value.left, true)} === ${operand(value.right, true)}`,
        atomic: false,
        nullable: false,
      };
    case 'present': {
      const source = operand(value.operand, true);
      return value.blank
        ? { source: `Boolean(${source})`, atomic: true, nullable: false }
        : { source: `${source} !== undefined`, atomic: false, nullable: false };
    }
    case 'not':
      if (value.operand.kind === 'equal') {
        const { left, right } = value.operand;
        const source = `${operand(left, true)} !== ${operand(right, true)}`;
        return { source, atomic: false, nullable: false };
      }
      return { source: `!${operand(value.operand, true)}`, atomic: true, nullable: false };
    case 'both':
    case 'either': {
      const mark = value.kind === 'both' ? '&&' : '||';
      const source = `${operand(value.left, true)} ${mark} ${operand(value.right, true)}`;
      return { source, atomic: false, nullable: false };
    }
    case 'choice': {
      const [yes, no] = [of(value.yes), of(value.no)];
      const condition = print(value.condition, literal).source;
      const source = `${condition} ? ${operand(value.yes)} : ${operand(value.no)}`;
      return { source, atomic: false, nullable: yes.nullable || no.nullable };
    }
    default:
      throw new TypeError(`A value of the kind "${value.kind}" has no expression.`);
  }
}

function template(parts: readonly Value[], constantOf: (constant: Constant) => string): string {
  const pieces = parts.map((part) => {
    const isPlain = part.kind === 'constant' && constantOf === literal;
    if (isPlain)
      return String(part.value)
        .replace(/[\\`]|\$\{/g, '\\$&')
        .replace(/\r/g, '\\r');
    return `\${${printExpression(part, constantOf)}}`;
  });
  return `\`${pieces.join('')}\``;
}

/** A text, number or switch as TypeScript. */
export function literal(value: Constant): string {
  if (typeof value !== 'string') return String(value);
  return `'${JSON.stringify(value)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", "\\'")
    .replace(/[\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`)}'`;
}
