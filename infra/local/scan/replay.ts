import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import type { DueProxy } from '@proxywatch/core/ports/collect-invoker';
import type { ProxyReport } from '../../../functions/scanner/collect/collect.ts';
import { textTable } from '../../text-table.ts';
import type { DeadLetter } from './read-dead-letters.ts';
import { outcomesOf } from './render-reports.ts';

const RETIRED = 'no longer registered';
const MAX_REASON = 60;

/**
 * What dead letters ask for, each proxy once: collectors go on where they stopped, so that one run makes up for all letters
 * of a proxy. Proxies are taken as they are registered now; those that are not any more are left out.
 */
export function dueOf(letters: readonly DeadLetter[], registered: readonly RegisteredProxy[]): readonly DueProxy[] {
  const known = new Map(registered.map((proxy) => [proxy.id, proxy]));
  const wanted = new Map<string, Set<string>>();
  for (const { proxy, collectors } of letters.flatMap(({ request }) => request.proxies)) {
    const names = wanted.get(proxy.id) ?? new Set();
    wanted.set(proxy.id, names);
    for (const name of collectors) names.add(name);
  }
  return [...wanted].flatMap(([id, names]) => {
    const proxy = known.get(id);
    return proxy === undefined ? [] : [{ proxy, collectors: COLLECTORS.filter((name) => names.has(name)) }];
  });
}

/** What became of each letter, as text for people. */
export function renderReplay(letters: readonly DeadLetter[], reports: readonly ProxyReport[]): string {
  const outcomes = new Map(reports.map(({ proxy, outcome }) => [proxy, outcome]));
  const rows = letters.map(({ line, reason, request: { tickMs, proxies } }) => [
    String(line),
    new Date(tickMs).toISOString(),
    reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON)}…` : reason,
    String(proxies.length),
    outcomesOf(proxies.map(({ proxy }) => outcomes.get(proxy.id) ?? RETIRED)),
  ]);
  return textTable(['LINE', 'TICK', 'WHY IT WAS DEAD', 'PROXIES', 'NOW'], rows, ['LINE', 'PROXIES']);
}
