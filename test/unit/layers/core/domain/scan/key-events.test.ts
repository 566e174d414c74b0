import { describe, expect, test } from '@jest/globals';
import type { ProxyState } from '@proxywatch/core/domain/proxy-state';
import { type KeyMemory, keyEventsOf } from '@proxywatch/core/domain/scan/key-events';

const START_MS = 1_700_000_000_000;
/** The proxy's wall clock is an hour ahead. */
const AHEAD_S = 3_600;

interface Look extends Partial<Pick<ProxyState, 'servers' | 'checksums' | 'messages'>> {
  readonly applied?: Readonly<Record<string, string>>;
  readonly atS: number;
  readonly uptimeS?: number;
}

function looks(maxRecords = 100) {
  let memory: KeyMemory | undefined;
  return ({ atS, uptimeS = 10_000 + atS, applied, ...parts }: Look) => {
    const atMs = START_MS + atS * 1000;
    const state = { uptimeS, proxyNowS: atMs / 1000 + AHEAD_S, ...parts };
    const found = keyEventsOf({ state, atMs }, memory, {
      proxy: 'px1',
      namespace: 'test',
      maxRecords,
      ...(applied && { appliedChecksums: applied }),
    });
    memory = found.memory;
    return found.events;
  };
}

const serverOf = (status: string, host = 'db') => ({ hostgroup: '10', host, port: 3306, status });
const checksumOf = (checksum: string, version = 1, epochS = 0) => ({ name: 'mysql_users', version, epochS, checksum });
const messageOf = (count: number) => ({
  messageId: '10002',
  filename: 'MySQL_Session.cpp',
  line: 4_711,
  func: 'handler',
  count,
  firstSeenS: 0,
  lastSeenS: 0,
});

describe('key events', () => {
  test('are none at the first look', () => {
    const look = looks();
    expect(
      look({ atS: 0, servers: [serverOf('SHUNNED')], checksums: [checksumOf('a')], messages: [messageOf(5)] }),
    ).toEqual([]);
  });

  test('tell servers that came, went and changed, and nothing of the others', () => {
    const look = looks();
    look({ atS: 0, servers: [serverOf('ONLINE', 'a'), serverOf('ONLINE', 'b'), serverOf('ONLINE', 'c')] });
    const events = look({
      atS: 60,
      servers: [serverOf('ONLINE', 'a'), serverOf('SHUNNED', 'b'), serverOf('ONLINE', 'd')],
    });
    expect(events.map(({ detail }) => [detail.server, detail.before, detail.after])).toEqual([
      ['b:3306', 'ONLINE', 'SHUNNED'],
      ['c:3306', 'ONLINE', 'absent'],
      ['d:3306', 'absent', 'ONLINE'],
    ]);
  });

  test('take the row in use of a server that has two', () => {
    const look = looks();
    look({ atS: 0, servers: [serverOf('ONLINE')] });
    expect(look({ atS: 60, servers: [serverOf('OFFLINE_HARD'), serverOf('ONLINE')] })).toEqual([]);
    expect(look({ atS: 120, servers: [serverOf('ONLINE'), serverOf('OFFLINE_HARD')] })).toEqual([]);
  });

  test('say nothing of parts that the credential does not show, or shows for the first time', () => {
    const look = looks();
    look({ atS: 0, servers: [serverOf('ONLINE')] });
    expect(look({ atS: 60 })).toEqual([]);
    expect(look({ atS: 120, servers: [serverOf('ONLINE')], checksums: [checksumOf('a')] })).toEqual([]);
    expect(look({ atS: 180, checksums: [checksumOf('b', 2)] })).toHaveLength(1);
  });

  test('tell another configuration, by its checksum and with its time on our clock', () => {
    const look = looks();
    look({ atS: 0, checksums: [checksumOf('a')] });
    const epochS = START_MS / 1000 + AHEAD_S + 30;
    expect(look({ atS: 60, checksums: [checksumOf('b', 2, epochS)] })).toMatchObject([
      {
        event: 'configuration-changed',
        happenedAtMs: START_MS + 30_000,
        detail: { module: 'mysql_users', before: 'a', after: 'b', version: 2 },
      },
    ]);
    expect(look({ atS: 120, checksums: [checksumOf('b', 3, epochS + 60)] })).toEqual([]);
  });

  test('tell by how much messages grew, in full after a restart', () => {
    const look = looks();
    look({ atS: 0, messages: [messageOf(5)] });
    expect(look({ atS: 60, messages: [messageOf(7)] })).toMatchObject([{ event: 'message', detail: { count: 2 } }]);
    const [restart, message] = look({ atS: 120, uptimeS: 30, messages: [messageOf(9)] });
    expect(restart).toMatchObject({ event: 'restart' });
    expect(message).toMatchObject({ event: 'message', detail: { count: 9 } });
  });

  test('tell a restart that the uptime has outrun, when both clocks bear it out', () => {
    const look = looks();
    look({ atS: 0, uptimeS: 20 });
    expect(look({ atS: 60, uptimeS: 30 })).toMatchObject([{ event: 'restart', happenedAtMs: START_MS + 30_000 }]);
    expect(look({ atS: 120, uptimeS: 90 })).toEqual([]);
  });

  test('have the same id when they are found again from the same look before, and another at the next time', () => {
    const [first, second] = [looks(), looks()];
    for (const look of [first, second]) look({ atS: 0, servers: [serverOf('ONLINE')] });
    const [a] = first({ atS: 60, servers: [serverOf('SHUNNED')] });
    const [b] = second({ atS: 61, servers: [serverOf('SHUNNED')] });
    expect(a?.eventId).toBe(b?.eventId);
    first({ atS: 120, servers: [serverOf('ONLINE')] });
    const [again] = first({ atS: 180, servers: [serverOf('SHUNNED')] });
    expect(again?.eventId).not.toBe(a?.eventId);
  });

  test('of one that changes all the time are a few an hour, and then what it has become', () => {
    const look = looks();
    const statusAt = (minute: number) => (minute % 2 === 0 ? 'ONLINE' : 'SHUNNED');
    const told = Array.from({ length: 61 }, (_, minute) =>
      look({ atS: 60 * minute, servers: [serverOf(statusAt(minute))] }),
    );
    const events = told.flat();
    expect(events).toHaveLength(6);
    expect(events.at(-1)?.message).toContain('nothing more is told of it for an hour');
    expect(look({ atS: 3_700, servers: [serverOf('OFFLINE_SOFT')] })).toMatchObject([
      { detail: { before: 'ONLINE', after: 'OFFLINE_SOFT' } },
    ]);
  });

  test('that are too many for one look are told at the next', () => {
    const look = looks(10);
    const hosts = Array.from({ length: 25 }, (_, i) => `db${i}`);
    look({ atS: 0, servers: hosts.map((host) => serverOf('ONLINE', host)) });
    const shunned = hosts.map((host) => serverOf('SHUNNED', host));
    const told = [60, 120, 180, 240].map((atS) => look({ atS, servers: shunned }));
    expect(told.map(({ length }) => length)).toEqual([10, 10, 5, 0]);
    expect(new Set(told.flat().map(({ detail }) => detail.server)).size).toBe(25);
  });
});

describe('drift', () => {
  const GIVEN = { mysql_users: 'a' };
  const eventsOf = (events: ReturnType<ReturnType<typeof looks>>) =>
    events
      .filter(({ event }) => event.startsWith('drift'))
      .map(({ event, severity, detail }) => [event, severity, detail]);
  const drifting = ['drift-begin', 'warning', { module: 'mysql_users', applied: 'a', running: 'b' }];

  test('is told once, when a module runs the same wrong configuration at two looks, and again when it is over', () => {
    const look = looks();
    const at = (atS: number, checksum: string) =>
      eventsOf(look({ atS, checksums: [checksumOf(checksum)], applied: GIVEN }));
    expect(at(0, 'a')).toEqual([]);
    expect(at(60, 'b')).toEqual([]);
    expect(at(120, 'b')).toEqual([drifting]);
    expect(at(180, 'b')).toEqual([]);
    expect(at(240, 'c')).toEqual([]);
    expect(at(300, 'a')).toEqual([['drift-end', 'info', { module: 'mysql_users', applied: 'a', running: 'a' }]]);
    expect(at(360, 'a')).toEqual([]);
  });

  test('is found though it was there at the first look', () => {
    const look = looks();
    expect(look({ atS: 0, checksums: [checksumOf('b')], applied: GIVEN })).toEqual([]);
    expect(eventsOf(look({ atS: 60, checksums: [checksumOf('b')], applied: GIVEN }))).toEqual([drifting]);
  });

  test('is none when what runs was applied a moment ago, and that is known at the next look', () => {
    const look = looks();
    look({ atS: 0, checksums: [checksumOf('a')], applied: GIVEN });
    expect(eventsOf(look({ atS: 60, checksums: [checksumOf('b')], applied: GIVEN }))).toEqual([]);
    expect(eventsOf(look({ atS: 120, checksums: [checksumOf('b')], applied: { mysql_users: 'b' } }))).toEqual([]);
  });

  test('is over when what runs by hand is applied', () => {
    const look = looks();
    for (const atS of [0, 60]) look({ atS, checksums: [checksumOf('b')], applied: GIVEN });
    const ended = look({ atS: 120, checksums: [checksumOf('b')], applied: { mysql_users: 'b' } });
    expect(eventsOf(ended).map(([event]) => event)).toEqual(['drift-end']);
  });

  test('is neither begun nor over while one side is not known', () => {
    const look = looks();
    for (const atS of [0, 60]) look({ atS, checksums: [checksumOf('b')], applied: GIVEN });
    expect(eventsOf(look({ atS: 120, checksums: [checksumOf('a')] }))).toEqual([]);
    expect(eventsOf(look({ atS: 180, applied: GIVEN }))).toEqual([]);
    expect(eventsOf(look({ atS: 240, checksums: [checksumOf('b')], applied: GIVEN }))).toEqual([]);
    const over = look({ atS: 300, checksums: [checksumOf('a')], applied: GIVEN });
    expect(eventsOf(over).map(([event]) => event)).toEqual(['drift-end']);
  });

  test('is of modules alone that Proxywatch has given something', () => {
    const look = looks();
    const other = { ...checksumOf('z'), name: 'mysql_servers' };
    for (const atS of [0, 60, 120]) {
      expect(eventsOf(look({ atS, checksums: [checksumOf('a'), other], applied: GIVEN }))).toEqual([]);
    }
  });

  test('that there is no room for is told at the next look', () => {
    const look = looks(0);
    look({ atS: 0, checksums: [checksumOf('b')], applied: GIVEN });
    expect(look({ atS: 60, checksums: [checksumOf('b')], applied: GIVEN })).toEqual([]);
    expect(look({ atS: 120, checksums: [checksumOf('b')], applied: GIVEN })).toEqual([]);
  });
});
