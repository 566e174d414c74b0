import { describe, expect, test } from '@jest/globals';
import { COLLECTORS } from '@proxywatch/core/domain/scan/collectors';
import { planTick, type ScanIntervals, type TickInput } from '@proxywatch/core/domain/scan/plan-tick';
import { isDue } from '@proxywatch/core/domain/scan/schedule';
import { proxyNamed } from '../../../../../support/scan-requests.ts';

const TICK_MS = 60_000;
const NOW_MS = 29_000_000 * TICK_MS;
const DAY_MS = 86_400_000;
const everyTick = Object.fromEntries(COLLECTORS.map((name) => [name, TICK_MS])) as ScanIntervals;
const none: ReadonlySet<string> = new Set();

function planOf(input: Partial<TickInput>) {
  return planTick({
    proxies: [proxyNamed('a'), proxyNamed('b', 'reporting')],
    span: { sinceMs: NOW_MS - TICK_MS, tickMs: NOW_MS },
    tickLengthMs: TICK_MS,
    intervals: everyTick,
    pauses: { proxies: none, namespaces: none, collectors: none },
    failures: new Map(),
    ...input,
  });
}

const idsOf = ({ due }: ReturnType<typeof planOf>) => due.map(({ proxy }) => proxy.id);

describe('the plan of a tick', () => {
  test('has all collectors of all proxies where each runs at every tick', () => {
    const plan = planOf({});
    expect(plan).toMatchObject({ paused: 0, backingOff: 0 });
    expect(plan.due).toEqual([
      { proxy: proxyNamed('a'), collectors: [...COLLECTORS] },
      { proxy: proxyNamed('b', 'reporting'), collectors: [...COLLECTORS] },
    ]);
  });

  test('has what somebody asked for, also of a proxy that failed lately, but nothing that is paused', () => {
    const requested = new Map([
      ['a', { collectors: new Set(['keyLogs'] as const) }],
      ['gone', { collectors: new Set(COLLECTORS) }],
    ]);
    const intervals = Object.fromEntries(COLLECTORS.map((name) => [name, 1e15])) as ScanIntervals;
    const keyLogsOfA = [{ proxy: proxyNamed('a'), collectors: ['keyLogs'] }];
    expect(planOf({ requested, intervals }).due).toEqual(keyLogsOfA);
    const failures = new Map([['a', { count: 3, firstTickMs: NOW_MS, code: 'PROXY_TIMEOUT', waitMs: 30_000 }]]);
    expect(planOf({ requested, intervals, failures })).toMatchObject({ due: keyLogsOfA, backingOff: 0 });
    const pauses = { proxies: new Set(['a']), namespaces: none, collectors: none };
    expect(planOf({ requested, intervals, pauses })).toMatchObject({ due: [], paused: 1 });
  });

  test('follows the settings of a proxy: what is off, and other intervals', () => {
    const off = { ...proxyNamed('a'), monitoring: { collectors: { slowSql: { enabled: false } } } };
    const rare = { ...proxyNamed('b'), monitoring: { collectors: { status: { intervalMs: 7 * DAY_MS } } } };
    const plan = planOf({ proxies: [off, rare] });
    expect(plan.due.map(({ collectors }) => collectors)).toEqual([
      COLLECTORS.filter((name) => name !== 'slowSql'),
      COLLECTORS.filter((name) => name !== 'status'),
    ]);
    expect(plan.paused).toBe(0);
    const intervals = Object.fromEntries(COLLECTORS.map((name) => [name, 1e15])) as ScanIntervals;
    const often = { ...proxyNamed('a'), monitoring: { collectors: { keyLogs: { intervalMs: TICK_MS } } } };
    expect(planOf({ proxies: [often], intervals }).due).toEqual([{ proxy: often, collectors: ['keyLogs'] }]);
  });

  test('has what somebody asked for though it is switched off', () => {
    const off = { ...proxyNamed('a'), monitoring: { collectors: { slowSql: { enabled: false } } } };
    const requested = new Map([['a', { collectors: new Set(['slowSql'] as const) }]]);
    expect(planOf({ proxies: [off], requested }).due[0]?.collectors).toEqual([...COLLECTORS]);
  });

  test('leaves out what is paused: a proxy, a namespace, a collector', () => {
    const pauses = { proxies: none, namespaces: none, collectors: none };
    const byProxy = planOf({ pauses: { ...pauses, proxies: new Set(['a']) } });
    expect([idsOf(byProxy), byProxy.paused]).toEqual([['b'], 1]);
    const byNamespace = planOf({ pauses: { ...pauses, namespaces: new Set(['reporting']) } });
    expect([idsOf(byNamespace), byNamespace.paused]).toEqual([['a'], 1]);
    const byCollector = planOf({ pauses: { ...pauses, collectors: new Set(['status', 'slowSql']) } });
    const rest = COLLECTORS.filter((name) => name !== 'status' && name !== 'slowSql');
    expect(byCollector.due.map(({ collectors }) => collectors)).toEqual([rest, rest]);
    expect(planOf({ pauses: { ...pauses, collectors: new Set(COLLECTORS) } })).toMatchObject({ due: [], paused: 2 });
  });

  test('leaves out a proxy that failed lately until its next attempt', () => {
    const failure = { count: 3, firstTickMs: NOW_MS - 3 * TICK_MS, code: 'PROXY_UNREACHABLE' };
    const waiting = planOf({ failures: new Map([['a', { ...failure, waitMs: 1 }]]) });
    expect([idsOf(waiting), waiting.backingOff]).toEqual([['b'], 1]);
    expect(idsOf(planOf({ failures: new Map([['a', { ...failure, waitMs: 0 }]]) }))).toEqual(['a', 'b']);
  });

  test('has what came due while a proxy failed, also when it is due once a day', () => {
    const intervals = { ...everyTick, keyLogs: DAY_MS };
    const dueAt = (tickMs: number) => isDue({ sinceMs: tickMs - TICK_MS, tickMs }, DAY_MS, 'a', 'keyLogs');
    let tickMs = NOW_MS;
    while (!dueAt(tickMs)) tickMs += TICK_MS;
    const later = { span: { sinceMs: tickMs + 4 * TICK_MS, tickMs: tickMs + 5 * TICK_MS }, intervals };
    const collectorsOf = (input: Partial<TickInput>) => planOf(input).due[0]?.collectors;
    expect(collectorsOf(later)).not.toContain('keyLogs');
    const failure = { count: 2, firstTickMs: tickMs, code: 'PROXY_TIMEOUT', waitMs: 0 };
    expect(collectorsOf({ ...later, failures: new Map([['a', failure]]) })).toContain('keyLogs');
  });

  test('is empty for a registry without proxies', () => {
    expect(planOf({ proxies: [] })).toEqual({ due: [], paused: 0, backingOff: 0 });
  });
});
