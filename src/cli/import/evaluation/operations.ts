import type { Operator } from './syntax.js';
import {
  both,
  choice,
  constant,
  either,
  equal,
  isSame,
  isScalar,
  listOf,
  NULL,
  textOf,
  unknown,
  type Value,
} from './values.js';

/** Whether a value counts as true, as a condition. */
export function truth(value: Value, line: number, blankIsFalse: boolean): Value {
  switch (value.kind) {
    case 'constant':
      return constant(
        value.value !== null &&
          value.value !== false &&
          !(blankIsFalse && (value.value === '' || value.value === '0' || value.value === 0)),
      );
    case 'list':
      return constant(!blankIsFalse || value.items.length > 0);
    case 'map':
      return constant(!blankIsFalse || value.entries.size > 0);
    case 'equal':
    case 'present':
    case 'not':
    case 'both':
    case 'either':
    case 'unknown':
      return value;
    case 'text':
      return blankIsFalse ? { kind: 'present', operand: value, blank: true } : constant(true);
    case 'absent':
      return constant(false);
    case 'object':
      return unknown(line);
    default:
      return { kind: 'present', operand: value, blank: blankIsFalse };
  }
}

/** What an operator comes to; its right side is evaluated only where it counts. */
export function operate(
  operator: Operator,
  left: Value,
  right: () => Value,
  line: number,
  blankIsFalse: boolean,
): Value {
  switch (operator) {
    case 'join':
      return join(left, right(), line);
    case 'equal':
      return equal(left, right(), line);
    case 'default':
      return fallback(left, right, false);
    case 'both':
      return bothOf(left, right, line, blankIsFalse);
    case 'either':
      return eitherOf(left, right, line, blankIsFalse);
  }
}

function join(left: Value, right: Value, line: number): Value {
  if (left.kind === 'list' && right.kind === 'list') {
    return listOf([...left.items, ...right.items]);
  }
  if (left.kind === 'constant' && right.kind === 'constant') {
    const [first, second] = [left.value, right.value];
    if (typeof first === 'number' && typeof second === 'number') return constant(first + second);
  }
  return textOf([left, right], line);
}

function fallback(left: Value, right: () => Value, blank: boolean): Value {
  if (left.kind === 'unknown') return left;
  if (left.kind === 'absent') return right();
  const isMissing = left.kind === 'constant' && (left.value === null || (blank && !left.value));
  if (isMissing) return right();
  if (left.kind === 'constant' || !isScalar(left)) return left;
  if (left.kind === 'text' && !blank) return left;
  const other = right();
  if (other.kind === 'unknown') return other;
  return isSame(other, NULL) ? left : { kind: 'fallback', left, right: other, blank };
}

function bothOf(left: Value, right: () => Value, line: number, blankIsFalse: boolean): Value {
  const condition = truth(left, line, blankIsFalse);
  if (condition.kind === 'constant') return condition.value === true ? right() : left;
  const other = right();
  return isCondition(other) ? both(condition, other) : choice(condition, other, left);
}

function eitherOf(left: Value, right: () => Value, line: number, blankIsFalse: boolean): Value {
  const condition = truth(left, line, blankIsFalse);
  if (condition.kind === 'constant') return condition.value === true ? left : right();
  if (isCondition(left)) {
    const other = right();
    return isCondition(other) ? either(condition, other) : choice(condition, left, other);
  }
  return fallback(left, right, blankIsFalse);
}

function isCondition(value: Value): boolean {
  if (value.kind === 'constant') return typeof value.value === 'boolean';
  return ['equal', 'present', 'not', 'both', 'either', 'unknown'].includes(value.kind);
}
