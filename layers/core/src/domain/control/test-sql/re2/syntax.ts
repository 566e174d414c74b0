/** A regular expression as RE2 reads it. Groups leave no trace: nobody asks what they captured, nor how greedy they were. */
export type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'char'; readonly set: CharSet }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'concat' | 'alternate'; readonly parts: readonly Node[] }
  /** `most` is Infinity where there is no bound. */
  | { readonly kind: 'repeat'; readonly of: Node; readonly least: number; readonly most: number };

export type Assertion = 'textStart' | 'textEnd' | 'lineStart' | 'lineEnd' | 'wordEdge' | 'noWordEdge';

/** Code points from and to, inclusive. */
export type Range = readonly [from: number, to: number];

export interface CharSet {
  readonly ranges: readonly Range[];
  /** Of one character; `\p{Greek}` and its like. */
  readonly properties: readonly Property[];
  readonly isNegated: boolean;
  /** Upper and lower case are the same. */
  readonly isCaseless: boolean;
}

export interface Property {
  readonly test: RegExp;
  readonly isNegated: boolean;
}

/** What is wrong with an expression, in RE2's own words where it has some. */
export class Re2SyntaxError extends Error {}

/** What `(?…)` switches. U swaps greedy and lazy, which decides nothing about whether a text matches. */
export interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly U: boolean;
}

export function charNode(ranges: readonly Range[], flags: Flags, isNegated = false): Node {
  return { kind: 'char', set: { ranges, properties: [], isNegated, isCaseless: flags.i } };
}
