import { readFileSync } from 'node:fs';

export interface VariableRule {
  readonly name: string;
  /** Value at the first start. */
  readonly value: string;
  /** Of an integer; values outside are refused without a word. */
  readonly range?: readonly [least: number, most: number];
  /** Cannot change while the proxy runs. */
  readonly fixed?: boolean;
}

/** The variables of a recorded ProxySQL 2.7.2 with their values there; what is not in this list does not exist. */
export const VARIABLE_RULES: ReadonlyMap<string, VariableRule> = new Map(
  (JSON.parse(readFileSync(new URL('./variables.json', import.meta.url), 'utf8')) as VariableRule[]).map((rule) => [
    rule.name,
    rule,
  ]),
);

const INT_MAX = 2 ** 31 - 1;

/** What runtime makes of a wanted value; `undefined` when it keeps the old one, without a word as ProxySQL does. */
export function acceptedValue(rule: VariableRule, wanted: string): string | undefined {
  if (rule.fixed) return undefined;
  if (rule.value === 'true' || rule.value === 'false') return acceptedBoolean(wanted);
  if (rule.range !== undefined || /^\d+$/.test(rule.value)) {
    const [least, most] = rule.range ?? [0, INT_MAX];
    const number = leadingInteger(wanted);
    return number >= least && number <= most ? String(number) : undefined;
  }
  return wanted;
}

function acceptedBoolean(wanted: string): string | undefined {
  if (/^(?:true|1)$/i.test(wanted)) return 'true';
  return /^(?:false|0)$/i.test(wanted) ? 'false' : undefined;
}

/** atoi(): the digits a text begins with, else 0. */
function leadingInteger(text: string): number {
  return Number(/^\s*([+-]?\d+)/.exec(text)?.[1] ?? 0);
}
