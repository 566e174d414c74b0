import type { FieldProblem } from '@proxywatch/core/domain/errors';
import { pointerOf } from './json-pointer.ts';

/** More than this helps nobody. */
const MAX_PROBLEMS = 20;

/** An object, or an array, that is being read; `at` is the member or element. */
interface Frame {
  readonly keys: Set<string> | undefined;
  isKeyNext: boolean;
  at: string | number;
}

/**
 * Names that an object has twice: JSON.parse takes the last one without a word, and whoever looked at the first sees another
 * request than we do. `text` is valid JSON; read once, from begin to end.
 */
export function findDuplicateKeys(text: string): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const stack: Frame[] = [];
  for (let i = 0; i < text.length && problems.length < MAX_PROBLEMS; i += 1) {
    const frame = stack.at(-1);
    switch (text[i]) {
      case '{':
        stack.push({ keys: new Set(), isKeyNext: true, at: '' });
        break;
      case '[':
        stack.push({ keys: undefined, isKeyNext: false, at: 0 });
        break;
      case '}':
      case ']':
        stack.pop();
        break;
      case ',':
        if (typeof frame?.at === 'number') frame.at += 1;
        else if (frame !== undefined) frame.isKeyNext = true;
        break;
      case '"': {
        const end = endOfString(text, i);
        if (frame?.keys !== undefined && frame.isKeyNext) {
          const key = keyOf(text.slice(i, end + 1));
          frame.isKeyNext = false;
          frame.at = key;
          if (frame.keys.has(key)) {
            problems.push({ pointer: pointerOf(stack.map(({ at }) => at)), message: 'given more than once' });
          }
          frame.keys.add(key);
        }
        i = end;
        break;
      }
    }
  }
  return problems;
}

function endOfString(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text[end - 1 - escapes] === '\\') escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

/** `"\u0061"` is the name `a`. */
function keyOf(literal: string): string {
  return literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1);
}
