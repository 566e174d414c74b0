import type { CharSet } from './syntax.ts';

/** A character of the text, with its other cases. */
export interface Char {
  readonly point: number;
  readonly text: string;
  /** All cases of it, itself included. */
  readonly cases: readonly number[];
  readonly isWord: boolean;
}

export function charOf(text: string): Char {
  const point = text.codePointAt(0) ?? 0;
  const cases = new Set([point]);
  for (const other of [text.toLowerCase(), text.toUpperCase(), text.toUpperCase().toLowerCase()]) {
    // One that is written with several characters in the other case has none of its own.
    if ([...other].length === 1) cases.add(other.codePointAt(0) ?? 0);
  }
  // The Kelvin sign and the long s are cases of ASCII letters, which do not lead back to them.
  if (cases.has(0x6b)) cases.add(0x212a);
  if (cases.has(0x73)) cases.add(0x17f);
  return { point, text, cases: [...cases], isWord: /^\w$/.test(text) };
}

export function includesChar({ ranges, properties, isNegated, isCaseless }: CharSet, char: Char): boolean {
  const points = isCaseless ? char.cases : [char.point];
  const isIn =
    ranges.some(([from, to]) => points.some((point) => point >= from && point <= to)) ||
    properties.some(({ test, isNegated: isWithout }) =>
      isCaseless
        ? char.cases.some((point) => test.test(String.fromCodePoint(point)) !== isWithout)
        : test.test(char.text) !== isWithout,
    );
  return isIn !== isNegated;
}
