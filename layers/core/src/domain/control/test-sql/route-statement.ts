import type { ConfigRow } from '../config-rows.ts';
import type { Slice } from '../desired-state.ts';
import { type QueryRule, queryRuleOf, type RoutedStatement } from './query-rule.ts';

/** What the account of the statement decides. */
export interface RoutingAccount {
  readonly defaultHostgroup: number;
  /** Its sessions go past all rules. */
  readonly fastForward: boolean;
}

export interface Route {
  /** What becomes of the statement. */
  readonly outcome:
    | { readonly kind: 'forwarded'; readonly hostgroup: number }
    /** The proxy answers itself. */
    | { readonly kind: 'refused' | 'answered'; readonly message: string };
  /** The rule that decided; `null`: none, the account's default hostgroup holds. */
  readonly decidedBy: number | null;
  /** All rules that match, in the order in which they are applied. */
  readonly matched: readonly MatchedRule[];
  /** Rules that may match as well, with why that cannot be told: the route is certain only without any. */
  readonly undecided: readonly { readonly rule: number; readonly reason: string }[];
}

export interface MatchedRule {
  readonly rule: number;
  readonly hostgroup: number | null;
  readonly errorMessage: string | null;
  /** No rule behind it is looked at. */
  readonly isLast: boolean;
  readonly comment: string;
}

export interface SlicePlace {
  readonly name: string;
  readonly cluster: string;
  readonly role: 'writer' | 'reader';
}

/** Some tenths of a second: ordinary rules over the longest statement stay far below it. */
const MOST_STEPS = 20_000_000;
const REWRITTEN = 'an earlier rule rewrites the statement, and what it becomes is not worked out';

/**
 * Where a statement outside of transactions would go, by the rules of a proxy as rows of its table: in the order of their
 * ids, each with the flag that the last match left, until one says that it is the last.
 */
export function routeStatement(
  rows: readonly ConfigRow[],
  statement: RoutedStatement,
  { defaultHostgroup, fastForward }: RoutingAccount,
): Route {
  const matched: QueryRule[] = [];
  const undecided: { rule: number; reason: string }[] = [];
  const rules = fastForward ? [] : rows.map(queryRuleOf).filter((rule) => rule !== undefined);
  const budget = { left: MOST_STEPS };
  let flag = 0;
  for (const rule of rules.toSorted((a, b) => a.id - b.id)) {
    if (rule.flagIn !== flag) continue;
    const isRewritten = matched.some(({ rewrites }) => rewrites);
    const decision = rule.decide(statement, budget);
    if (isRewritten || decision.kind === 'undecided') {
      undecided.push({ rule: rule.id, reason: decision.kind === 'undecided' ? decision.reason : REWRITTEN });
      continue;
    }
    if (decision.kind === 'no-match') continue;
    matched.push(rule);
    flag = rule.flagOut ?? flag;
    if (rule.isLast) break;
  }
  return { ...outcomeOf(matched, defaultHostgroup), matched: matched.map(tellMatch), undecided };
}

/** The slice that a hostgroup stands for; `undefined`: none of the namespace. */
export function sliceOf(slices: readonly Slice[], hostgroup: number): SlicePlace | undefined {
  for (const { name, cluster, writerHostgroup, readerHostgroup } of slices) {
    if (hostgroup === writerHostgroup) return { name, cluster, role: 'writer' };
    if (hostgroup === readerHostgroup) return { name, cluster, role: 'reader' };
  }
  return undefined;
}

/** Of each setting the last match counts; an answer of the proxy goes before any hostgroup. */
function outcomeOf(matched: readonly QueryRule[], defaultHostgroup: number): Pick<Route, 'outcome' | 'decidedBy'> {
  const answering = matched.findLast(({ okMessage }) => okMessage !== undefined);
  if (answering?.okMessage !== undefined) {
    return { outcome: { kind: 'answered', message: answering.okMessage }, decidedBy: answering.id };
  }
  const refusing = matched.findLast(({ errorMessage }) => errorMessage !== undefined);
  if (refusing?.errorMessage !== undefined) {
    return { outcome: { kind: 'refused', message: refusing.errorMessage }, decidedBy: refusing.id };
  }
  const routing = matched.findLast(({ hostgroup }) => hostgroup !== undefined);
  const hostgroup = routing?.hostgroup ?? defaultHostgroup;
  return { outcome: { kind: 'forwarded', hostgroup }, decidedBy: routing?.id ?? null };
}

function tellMatch({ id, hostgroup, errorMessage, isLast, comment }: QueryRule): MatchedRule {
  return { rule: id, hostgroup: hostgroup ?? null, errorMessage: errorMessage ?? null, isLast, comment };
}
