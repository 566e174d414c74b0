import { ProxywatchError } from '../../domain/errors.ts';
import { blanked, type ParsedQuery, parsePromql } from './parse-promql.ts';
import { escapeRe2, queryProblem, quotePromql } from './promql-text.ts';

export const NAMESPACE_LABEL = 'namespace';
/** Of the query that is sent: each selector names all namespaces of the caller. */
const MAX_ENFORCED_BYTES = 262_144;

/** Matches nothing: a label cannot be empty and not empty. `namespace=""` alone would match series that have none. */
const NOTHING = `${NAMESPACE_LABEL}="",${NAMESPACE_LABEL}!=""`;

/**
 * The same query, in which every selector sees series of these namespaces only, whatever else it asks for; `*`: of all, and
 * those that carry no namespace too. The user's own matchers stay, comments go.
 *
 * Throws UNPROCESSABLE with line and column for what is no PromQL, too long or too deep; `pointer` says where the query
 * came from.
 */
export function enforceNamespaces(query: string, namespaces: readonly string[] | '*', pointer = '?query'): string {
  const parsed = parsePromql(query, pointer);
  // Where a comment ends, servers are not of one mind (Prometheus ends it at a carriage return too): none goes out.
  const text = blanked(parsed.text, parsed.comments);
  if (namespaces === '*') return text;
  const matcher = namespaceMatcher(namespaces);
  const enforced = withMatcher(text, parsed.selectors, matcher);
  if (Buffer.byteLength(enforced) > MAX_ENFORCED_BYTES) {
    throw queryProblem(pointer, 'too many selectors for the number of namespaces that you may see');
  }
  assertEnforced(enforced, parsed, matcher);
  return enforced;
}

/** What stands in every selector. */
export function namespaceMatcher(namespaces: readonly string[]): string {
  const names = [...new Set(namespaces)].filter((name) => name !== '').toSorted();
  const [first] = names;
  if (first === undefined) return NOTHING;
  if (names.length === 1) return `${NAMESPACE_LABEL}=${quotePromql(first)}`;
  return `${NAMESPACE_LABEL}=~${quotePromql(names.map(escapeRe2).join('|'))}`;
}

function withMatcher(text: string, selectors: ParsedQuery['selectors'], matcher: string): string {
  const parts: string[] = [];
  let at = 0;
  for (const { to, braces, hasMatchers } of selectors) {
    const until = braces === undefined ? to : braces.from + 1;
    parts.push(text.slice(at, until), braces === undefined ? `{${matcher}}` : `${matcher}${hasMatchers ? ',' : ''}`);
    at = until;
  }
  return parts.join('') + text.slice(at);
}

/** Reads back what is to be sent: a selector without the matcher would show another tenant's numbers. */
function assertEnforced(text: string, { selectors }: ParsedQuery, matcher: string): void {
  const again = parsePromql(text, '', MAX_ENFORCED_BYTES).selectors;
  const isEnforced =
    again.length === selectors.length &&
    again.every(({ braces }) => braces !== undefined && text.startsWith(matcher, braces.from + 1));
  if (!isEnforced) throw new ProxywatchError('INTERNAL', 'a query was left without its namespaces');
}
