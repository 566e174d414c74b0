import { digestOf } from '@proxywatch/core/drivers/proxysql/digests/digest-hash';
import type { RuntimeRule } from '../../contract.ts';

export interface StatementToRoute {
  readonly sql: string;
  readonly digestText: string;
  readonly user: string;
  readonly schema: string;
}

export interface Route {
  /** `undefined`: the user's default hostgroup. */
  readonly hostgroup: number | undefined;
  /** What to answer instead of running the statement. */
  readonly errorMessage: string | undefined;
  readonly hits: readonly number[];
}

type Matcher = (statement: StatementToRoute) => boolean;

interface CompiledRule {
  readonly rule: RuntimeRule;
  readonly matches: Matcher;
}

/** Compiles rules in the order of their ids; one whose pattern is no regular expression matches nothing. */
export function createQueryRouter(rules: readonly RuntimeRule[]): (statement: StatementToRoute) => Route {
  const compiled = [...rules].sort((a, b) => a.ruleId - b.ruleId).map(compile);
  return (statement) => {
    let hostgroup: number | undefined;
    let errorMessage: string | undefined;
    const hits: number[] = [];
    for (const { rule, matches } of compiled) {
      if (!matches(statement)) continue;
      hits.push(rule.ruleId);
      hostgroup = rule.destinationHostgroup ?? hostgroup;
      errorMessage = rule.errorMessage ?? errorMessage;
      if (rule.apply) break;
    }
    return { hostgroup, errorMessage, hits };
  };
}

function compile(rule: RuntimeRule): CompiledRule {
  const conditions: Matcher[] = [];
  const { username, schemaname, digest } = rule;
  if (username !== null) conditions.push(({ user }) => user === username);
  if (schemaname !== null) conditions.push(({ schema }) => schema === schemaname);
  if (digest !== null)
    conditions.push(({ digestText }) => digestOf(digestText) === digest.toUpperCase().replace('0X', '0x'));
  if (rule.matchDigest !== null) {
    const test = patternTest(rule.matchDigest, rule);
    conditions.push(({ digestText }) => test(digestText));
  }
  if (rule.matchPattern !== null) {
    const test = patternTest(rule.matchPattern, rule);
    conditions.push(({ sql }) => test(sql));
  }
  return { rule, matches: (statement) => conditions.every((holds) => holds(statement)) };
}

function patternTest(pattern: string, { caseless, negate }: RuntimeRule): (text: string) => boolean {
  try {
    const expression = new RegExp(pattern, caseless ? 'is' : 's');
    return (text) => expression.test(text) !== negate;
  } catch {
    return () => false;
  }
}
