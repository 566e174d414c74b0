import type { AlertRule } from '../../ports/skyeye.ts';
import { NAMESPACE_LABEL } from './enforce-namespaces.ts';

/** The label by which an alert is found back to its rule. */
export const RULE_LABEL = 'proxywatch_rule';

/**
 * The rules as a rule file of Prometheus, a group for each namespace: JSON, which is YAML too. Whatever a rule says, its
 * alerts carry its own namespace: who may see an alert is decided by that label.
 */
export function ruleFileText(rules: readonly AlertRule[]): string {
  const byNamespace = Map.groupBy(rules, ({ namespace }) => namespace);
  const groups = [...byNamespace]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([namespace, own]) => ({
      name: `proxywatch:${namespace}`,
      rules: own
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .map((rule) => ({
          alert: rule.name,
          expr: rule.query,
          ...(rule.forS > 0 && { for: `${rule.forS}s` }),
          labels: { ...rule.labels, [NAMESPACE_LABEL]: namespace, [RULE_LABEL]: rule.id },
          annotations: rule.annotations,
        })),
    }));
  return `${printable(JSON.stringify({ groups }, undefined, 1))}\n`;
}

/** YAML takes none of these as they are, though JSON does; all stand in strings only. */
function printable(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
