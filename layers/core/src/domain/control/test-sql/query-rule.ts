import type { ConfigRow, FieldValue } from '../config-rows.ts';
import { compileRe2, type StepBudget } from './re2/re2.ts';

/** A statement as a proxy looks at it. */
export interface RoutedStatement {
  readonly sql: string;
  /** Normalised, and its hash as the proxy prints it. */
  readonly digestText: string;
  readonly digest: string;
  readonly username: string;
  readonly schema: string;
  /** `undefined`: not known; rules that ask for it stay undecided. */
  readonly clientAddress?: string;
}

/** A row of the table `rules` in the words of ProxySQL, ready to be applied. */
export interface QueryRule {
  readonly id: number;
  readonly flagIn: number;
  readonly flagOut: number | undefined;
  readonly hostgroup: number | undefined;
  readonly errorMessage: string | undefined;
  readonly okMessage: string | undefined;
  readonly isLast: boolean;
  readonly rewrites: boolean;
  readonly comment: string;
  decide(statement: RoutedStatement, budget: StepBudget): RuleDecision;
}

export type RuleDecision =
  | { readonly kind: 'match' | 'no-match' }
  /** Cannot be told from here, with the reason. */
  | { readonly kind: 'undecided'; readonly reason: string };

type Condition = (statement: RoutedStatement, budget: StepBudget) => RuleDecision;

const MATCH: RuleDecision = { kind: 'match' };
const NO_MATCH: RuleDecision = { kind: 'no-match' };

/** `undefined`: the rule is switched off, or is none. */
export function queryRuleOf({ fields }: ConfigRow): QueryRule | undefined {
  const id = numberOf(fields.rule_id);
  if (id === undefined || fields.active === '0') return undefined;
  const conditions = conditionsOf(fields);
  return {
    id,
    flagIn: numberOf(fields.flagIN) ?? 0,
    flagOut: numberOf(fields.flagOUT),
    hostgroup: numberOf(fields.destination_hostgroup),
    errorMessage: fields.error_msg ?? undefined,
    okMessage: fields.OK_msg ?? undefined,
    isLast: fields.apply === '1',
    rewrites: (fields.replace_pattern ?? null) !== null,
    comment: fields.comment ?? '',
    decide: (statement, budget) => decide(conditions, statement, budget),
  };
}

/** A rule that surely does not match is decided, whatever else cannot be told of it. */
function decide(conditions: readonly Condition[], statement: RoutedStatement, budget: StepBudget): RuleDecision {
  let undecided: RuleDecision | undefined;
  for (const condition of conditions) {
    const decision = condition(statement, budget);
    if (decision.kind === 'no-match') return decision;
    if (decision.kind === 'undecided') undecided ??= decision;
  }
  return undecided ?? MATCH;
}

function conditionsOf(fields: ConfigRow['fields']): readonly Condition[] {
  const conditions: Condition[] = [];
  const { username, schemaname, digest } = fields;
  if (username) conditions.push((statement) => matchIf(statement.username === username));
  if (schemaname) conditions.push((statement) => matchIf(statement.schema === schemaname));
  if (digest) conditions.push((statement) => matchIf(hexOf(statement.digest) === hexOf(digest)));
  if (fields.client_addr) conditions.push(clientCondition(fields.client_addr));
  if (fields.proxy_addr || fields.proxy_port) {
    conditions.push(undecidedFor('it asks for the address of the proxy that the client connected to'));
  }
  if (fields.match_digest) conditions.push(patternCondition(fields, fields.match_digest, 'digestText'));
  if (fields.match_pattern) conditions.push(patternCondition(fields, fields.match_pattern, 'sql'));
  return conditions;
}

/** `%` stands for any end of an address. */
function clientCondition(wanted: string): Condition {
  const wildcard = wanted.indexOf('%');
  if (wildcard === 0) return () => MATCH;
  return ({ clientAddress }) => {
    if (clientAddress === undefined)
      return undecided(`it asks for clients from ${wanted}, and no clientAddress was given`);
    return matchIf(wildcard > 0 ? clientAddress.startsWith(wanted.slice(0, wildcard)) : clientAddress === wanted);
  };
}

function patternCondition(fields: ConfigRow['fields'], pattern: string, part: 'sql' | 'digestText'): Condition {
  // A column that the rendering leaves out has its default in the proxy.
  const modifiers = (fields.re_modifiers === undefined ? 'CASELESS' : (fields.re_modifiers ?? '')).toUpperCase();
  const isNegated = fields.negate_match_pattern === '1';
  const compiled = compileRe2(pattern, { isCaseless: modifiers.includes('CASELESS') });
  if ('problem' in compiled) return undecidedFor(`its pattern is not one of RE2: ${compiled.problem}`);
  return (statement, budget) => {
    const matches = compiled.matches(statement[part], budget);
    return matches === undefined ? undecided('trying out the patterns takes too long') : matchIf(matches !== isNegated);
  };
}

function undecidedFor(reason: string): Condition {
  return () => undecided(reason);
}

function undecided(reason: string): RuleDecision {
  return { kind: 'undecided', reason };
}

function matchIf(isMatch: boolean): RuleDecision {
  return isMatch ? MATCH : NO_MATCH;
}

function hexOf(digest: string): string {
  return digest.replace(/^0x0*/i, '').toUpperCase();
}

function numberOf(value: FieldValue | undefined): number | undefined {
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) && Number(value) >= 0 ? Number(value) : undefined;
}
