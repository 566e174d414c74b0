import { othersOf, parseClass } from './parse-class.ts';
import { parseEscape } from './parse-escape.ts';
import { parseOpening } from './parse-group.ts';
import { Reader } from './reader.ts';
import { type Assertion, charNode, type Flags, type Node, Re2SyntaxError } from './syntax.ts';

/** As in RE2: of a repetition, and of repetitions within each other all together. */
const MOST_REPEATS = 1_000;
const DEEPEST = 1_000;
const NEW_LINE = [[0x0a, 0x0a]] as const;
const ANY = [[0, 0x10ffff]] as const;

const EDGES: Readonly<Record<string, Assertion>> = { A: 'textStart', z: 'textEnd', b: 'wordEdge', B: 'noWordEdge' };

/** Throws a Re2SyntaxError for what RE2 would not take. */
export function parseRe2(pattern: string, isCaseless: boolean): Node {
  const parser = new Parser(pattern);
  return parser.parse({ i: isCaseless, m: false, s: false, U: false });
}

class Parser {
  readonly #reader: Reader;
  readonly #names = new Set<string>();

  constructor(pattern: string) {
    this.#reader = new Reader(pattern);
  }

  parse(flags: Flags): Node {
    const node = this.#alternatives(flags, 0);
    if (!this.#reader.isAtEnd) throw new Re2SyntaxError('unexpected )');
    return node;
  }

  /** Up to the end, or to a closing parenthesis. */
  #alternatives(outerFlags: Flags, depth: number): Node {
    if (depth > DEEPEST) throw new Re2SyntaxError('expression nests too deeply');
    let flags = outerFlags;
    const branches: Node[] = [];
    let parts: Node[] = [];
    while (!this.#reader.isAtEnd && this.#reader.peek() !== ')') {
      if (this.#reader.take('|')) {
        branches.push({ kind: 'concat', parts });
        parts = [];
      } else if (this.#reader.take('(')) {
        const opening = parseOpening(this.#reader, flags);
        if (opening.kind === 'flags') {
          flags = opening.flags;
          this.#refuseRepeat();
        } else parts.push(this.#repeated(this.#group(opening, depth)));
      } else {
        for (const atom of this.#atoms(flags)) parts.push(atom);
      }
    }
    branches.push({ kind: 'concat', parts });
    return branches.length === 1 && branches[0] !== undefined ? branches[0] : { kind: 'alternate', parts: branches };
  }

  #group({ name, flags }: { readonly name?: string; readonly flags: Flags }, depth: number): Node {
    if (name !== undefined && this.#names.has(name)) throw new Re2SyntaxError(`duplicate capture group name: ${name}`);
    if (name !== undefined) this.#names.add(name);
    const inner = this.#alternatives(flags, depth + 1);
    if (!this.#reader.take(')')) throw new Re2SyntaxError('missing )');
    return inner;
  }

  /** One atom with what repeats it; several for `\Q…\E`. */
  *#atoms(flags: Flags): Iterable<Node> {
    if (this.#reader.take('\\Q')) {
      let last: string | undefined;
      while (!this.#reader.isAtEnd && !this.#reader.take('\\E')) {
        if (last !== undefined) yield literal(last, flags);
        last = this.#reader.next();
      }
      if (last !== undefined) yield this.#repeated(literal(last, flags));
      return;
    }
    this.#refuseRepeat();
    yield this.#repeated(this.#atom(flags));
  }

  #atom(flags: Flags): Node {
    const reader = this.#reader;
    const char = reader.next();
    switch (char) {
      case '.':
        return flags.s ? charNode(ANY, flags) : charNode(NEW_LINE, flags, true);
      case '^':
        return { kind: 'assert', what: flags.m ? 'lineStart' : 'textStart' };
      case '$':
        return { kind: 'assert', what: flags.m ? 'lineEnd' : 'textEnd' };
      case '[':
        return parseClass(reader, flags);
      case '\\':
        return this.#escaped(flags);
      default:
        return literal(char, flags);
    }
  }

  #escaped(flags: Flags): Node {
    const edge = EDGES[this.#reader.peek()];
    if (edge !== undefined) {
      this.#reader.next();
      return { kind: 'assert', what: edge };
    }
    const escaped = parseEscape(this.#reader);
    if (escaped.kind === 'point') return charNode([[escaped.point, escaped.point]], flags);
    if (escaped.kind === 'class')
      return charNode(escaped.isNegated ? othersOf(escaped.ranges) : escaped.ranges, { ...flags, i: false });
    const properties = [escaped.property];
    return { kind: 'char', set: { ranges: [], properties, isNegated: false, isCaseless: false } };
  }

  #repeated(node: Node): Node {
    const bounds = this.#bounds();
    if (bounds === undefined) return node;
    this.#reader.take('?');
    const [least, most] = bounds;
    const sign = this.#reader.excerpt(1);
    // Neither possessive (`a*+`) nor twice (`a**`).
    if (this.#bounds() !== undefined) throw new Re2SyntaxError(`bad repetition operator: ${sign}`);
    const repeated: Node = { kind: 'repeat', of: node, least, most };
    if (repeatsOf(repeated) > MOST_REPEATS) throw new Re2SyntaxError(`bad repetition operator: over ${MOST_REPEATS}`);
    return repeated;
  }

  #bounds(): readonly [number, number] | undefined {
    if (this.#reader.take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#reader.take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#reader.take('?')) return [0, 1];
    // Anything else in braces is text.
    const braces = this.#reader.match(/^\{(\d{1,9})(,?)(\d{0,9})\}/);
    if (braces === undefined) return undefined;
    const least = Number(braces[1]);
    const most = braces[3] === '' ? (braces[2] === ',' ? Number.POSITIVE_INFINITY : least) : Number(braces[3]);
    const isTooMuch = least > MOST_REPEATS || (most !== Number.POSITIVE_INFINITY && most > MOST_REPEATS);
    if (isTooMuch || least > most) throw new Re2SyntaxError(`bad repetition operator: ${braces[0]}`);
    return [least, most];
  }

  #refuseRepeat(): void {
    const sign = this.#reader.peek();
    if (this.#bounds() !== undefined) throw new Re2SyntaxError(`no argument for repetition operator: ${sign}`);
  }
}

function literal(char: string, flags: Flags): Node {
  const point = char.codePointAt(0) ?? 0;
  return charNode([[point, point]], flags);
}

/** How often the innermost part would stand there if repetitions were written out. */
function repeatsOf(node: Node): number {
  if (node.kind === 'concat' || node.kind === 'alternate')
    return node.parts.reduce((most, part) => Math.max(most, repeatsOf(part)), 1);
  if (node.kind !== 'repeat') return 1;
  return Math.max(1, Number.isFinite(node.most) ? node.most : node.least) * repeatsOf(node.of);
}
