import type { SyntaxNodeRef, Tree } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { messageOf } from '../../domain/errors.ts';
import { isStringLiteral, placeOf, queryProblem } from './promql-text.ts';

/** What a query may be at most; whoever needs more wants a recording rule. */
export const MAX_QUERY_BYTES = 16_384;
const MAX_DEPTH = 100;
const MAX_SELECTORS = 100;

const strictParser = parser.configure({ strict: true });

export interface ParsedQuery {
  /** As it was parsed: with `\n` as the only line end. */
  readonly text: string;
  /** Of `name`, `{…}` and `name{…}`, in the order of the text. */
  readonly selectors: readonly Selector[];
  readonly comments: readonly Span[];
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Selector extends Span {
  /** Of the braces, if it has any. */
  readonly braces: Span | undefined;
  /** Whether there is anything but comments between them. */
  readonly hasMatchers: boolean;
}

/**
 * The selectors of a PromQL expression. Throws UNPROCESSABLE, with the place, for what is none; also for text that our
 * grammar and the server's lexer might cut into tokens differently, since a selector could hide there.
 */
export function parsePromql(query: string, pointer = '?query', maxBytes = MAX_QUERY_BYTES): ParsedQuery {
  if (Buffer.byteLength(query) > maxBytes) throw queryProblem(pointer, `longer than ${maxBytes} bytes`);
  if (!query.isWellFormed()) throw queryProblem(pointer, 'not Unicode text');
  const text = query.replaceAll('\r\n', '\n');
  refuseAt(text, pointer, /[^\P{Cc}\t\n]/u, 'a control character');
  const tree = parseStrictly(text, pointer);
  const selectors: Selector[] = [];
  const comments: Span[] = [];
  /** Text whose characters are not for us to judge: comments and strings. */
  const free: Span[] = [];
  let depth = 0;
  tree.iterate({
    enter(node) {
      depth += 1;
      const { from, to, name, type } = node;
      const place = () => placeOf(text, from);
      if (type.isError) throw queryProblem(pointer, `${place()}: not a PromQL expression`);
      if (depth > MAX_DEPTH) throw queryProblem(pointer, `${place()}: nested more than ${MAX_DEPTH} levels deep`);
      if (name === 'LineComment') comments.push({ from, to });
      if (name === 'LineComment' || name === 'StringLiteral') free.push({ from, to });
      if (name === 'StringLiteral' && !isStringLiteral(text.slice(from, to))) {
        throw queryProblem(pointer, `${place()}: not a string that ends, with escapes that PromQL knows`);
      }
      // It joins series of info metrics that no selector names.
      if (name === 'Info') throw queryProblem(pointer, `${place()}: info() is not supported`);
      if (name === 'VectorSelector') selectors.push(selectorOf(node));
    },
    leave() {
      depth -= 1;
    },
  });
  if (selectors.length > MAX_SELECTORS) throw queryProblem(pointer, `more than ${MAX_SELECTORS} selectors`);
  refuseAt(blanked(text, free), pointer, /[^\t\n\x20-\x7e]/, 'a character that PromQL knows in strings only');
  return { text, selectors, comments };
}

/** The text with spans replaced by as many spaces. */
export function blanked(text: string, spans: readonly Span[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { from, to } of spans) {
    parts.push(text.slice(at, from), ' '.repeat(to - from));
    at = to;
  }
  return parts.join('') + text.slice(at);
}

function parseStrictly(text: string, pointer: string): Tree {
  try {
    return strictParser.parse(text);
  } catch (error) {
    const at = /at (\d+)/.exec(messageOf(error))?.[1];
    throw queryProblem(pointer, `${placeOf(text, Number(at ?? 0))}: not a PromQL expression`);
  }
}

function selectorOf({ node, from, to }: SyntaxNodeRef): Selector {
  const braces = node.getChild('LabelMatchers');
  if (braces === null) return { from, to, braces: undefined, hasMatchers: false };
  let hasMatchers = false;
  for (let child = braces.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') hasMatchers = true;
  }
  return { from, to, braces: { from: braces.from, to: braces.to }, hasMatchers };
}

function refuseAt(text: string, pointer: string, pattern: RegExp, what: string): void {
  const at = text.search(pattern);
  if (at !== -1) throw queryProblem(pointer, `${placeOf(text, at)}: ${what}`);
}
