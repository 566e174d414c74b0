import type { PlanDocument } from '@proxywatch/core/domain/control/plan';
import type { ServerPlace } from '@proxywatch/core/domain/control/server-overrides';

const MOST_WORDS = 5;

/** Why a plan must not be applied without being asked; `undefined`: all that it changes comes of overrides that ran out. */
export function problemOfReturn(plan: PlanDocument, returning: readonly ServerPlace[]): string | undefined {
  if (plan.refusals.length > 0)
    return told(
      'the plan is refused',
      plan.refusals.map(({ message }) => message),
    );
  if (plan.needsAdmin) return 'the plan needs an admin';
  const places = new Set(returning.map(({ hostgroup, host, port }) => placeOf([hostgroup, host, port])));
  const strangers = plan.groups
    .filter(({ kind }) => kind === 'managed')
    .flatMap(({ proxies }) =>
      proxies.flatMap(({ changes, adopted }) => [
        ...changes.flatMap(({ table, key, words }) =>
          table === 'servers' && places.has(placeOf(JSON.parse(key))) ? [] : [words],
        ),
        ...adopted.map((name) => `${name} becomes Proxywatch's`),
      ]),
    );
  if (strangers.length === 0) return undefined;
  return told('a plan would change more than what ran out, apply one', [...new Set(strangers)]);
}

function placeOf(parts: readonly (string | number)[]): string {
  return JSON.stringify(parts.map(String));
}

function told(what: string, each: readonly string[]): string {
  const more = each.length > MOST_WORDS ? ` and ${each.length - MOST_WORDS} more` : '';
  return `${what}: ${each.slice(0, MOST_WORDS).join('; ')}${more}`;
}
