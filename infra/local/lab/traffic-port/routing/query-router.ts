import { digestOf } from '@proxywatch/core/drivers/proxysql/digests/digest-hash';
import type { RuntimeRule } from '../../contract.ts';

export interface StatementToRoute {
  readonly sql: string;
  readonly digestText: string;
  readonly user: string;
  readonly schema: string;
  /** Address of the client. */
  readonly client: string;
}

export interface Route {
  /** `undefined`: the user's default hostgroup. */
  readonly hostgroup: number | undefined;
  /** What to answer instead of running the statement. */
  readonly errorMessage: string | undefined;
  /** How long it may run; `undefined`: as any other. */
  readonly timeoutMs: number | undefined;
  readonly hits: readonly number[];
}

type Matcher = (statement: StatementToRoute) => boolean;

interface CompiledRule {
  readonly rule: RuntimeRule;
  readonly matches: Matcher;
}

/**
 * Compiles rules in the order of their ids, each looked at only while the flag is its own; one whose pattern is no regular
 * expression matches nothing.
 */
export function createQueryRouter(rules: readonly RuntimeRule[]): (statement: StatementToRoute) => Route {
  const compiled = [...rules].sort((a, b) => a.ruleId - b.ruleId).map(compile);
  return (statement) => {
    let hostgroup: number | undefined;
    let errorMessage: string | undefined;
    let timeoutMs: number | undefined;
    let flag = 0;
    const hits: number[] = [];
    for (const { rule, matches } of compiled) {
      if (rule.flagIn !== flag || !matches(statement)) continue;
      hits.push(rule.ruleId);
      hostgroup = rule.destinationHostgroup ?? hostgroup;
      errorMessage = rule.errorMessage ?? errorMessage;
      timeoutMs = rule.timeoutMs ?? timeoutMs;
      flag = rule.flagOut ?? flag;
      if (rule.apply) break;
    }
    return { hostgroup, errorMessage, timeoutMs, hits };
  };
}

function compile(rule: RuntimeRule): CompiledRule {
  const conditions: Matcher[] = [];
  const { username, schemaname, digest, clientAddress } = rule;
  // An empty text asks for nothing.
  if (username) conditions.push(({ user }) => user === username);
  if (schemaname) conditions.push(({ schema }) => schema === schemaname);
  if (clientAddress) conditions.push(clientTest(clientAddress));
  if (digest) conditions.push(({ digestText }) => digestOf(digestText) === digest.toUpperCase().replace('0X', '0x'));
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

function clientTest(wanted: string): Matcher {
  const wildcard = wanted.indexOf('%');
  return ({ client }) => (wildcard < 0 ? client === wanted : client.startsWith(wanted.slice(0, wildcard)));
}

function patternTest(pattern: string, { caseless, negate }: RuntimeRule): (text: string) => boolean {
  try {
    const expression = new RegExp(pattern, caseless ? 'is' : 's');
    return (text) => expression.test(text) !== negate;
  } catch {
    return () => false;
  }
}
