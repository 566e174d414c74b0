import { describe, expect, jest, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { KeyLogRecord } from '@proxywatch/core/domain/scan/scan-record';
import type { DigestRound } from '../../../../../../functions/scanner/collect/collect-context.ts';
import { keyLogsCollector } from '../../../../../../functions/scanner/collect/collectors/key-logs.ts';
import type { MemorySink } from '../../../../../support/memory-sink.ts';
import { collectOnce, collectorOf, collectorsOf, createTestScanner, requestFor } from '../test-collect.ts';

jest.useFakeTimers();

function eventsIn(sink: MemorySink): KeyLogRecord[] {
  return [...sink.records.values()] as KeyLogRecord[];
}

const server = (status: string) => [{ hostgroup: '10', host: 'db', port: 3306, status }];

/** A scanner whose digest table brings `round`, and whose history is saved unless `saving` fails. */
function createKeyScanner(registered: Partial<RegisteredProxy> = {}) {
  const digests: { round: DigestRound | undefined; saving: () => void } = { round: undefined, saving: () => undefined };
  const scanner = createTestScanner({
    collectors: collectorsOf(
      keyLogsCollector,
      collectorOf('sqlStats', async ({ tellDigests }) => {
        if (digests.round) await tellDigests(digests.round);
        digests.saving();
      }),
    ),
  });
  return {
    ...scanner,
    digests,
    async look() {
      const { proxies, ...request } = requestFor(['keyLogs', 'sqlStats']);
      const due = proxies.map(({ proxy, collectors }) => ({ proxy: { ...proxy, ...registered }, collectors }));
      const report = await collectOnce(scanner.collect, { ...request, proxies: due });
      scanner.proxy.uptimeS += 60;
      jest.setSystemTime(Date.now() + 60_000);
      return report;
    },
  };
}

function roundOf(fromMs: number | undefined, round: Partial<DigestRound> = {}): DigestRound {
  const times = { fromMs, toMs: Date.now(), uptimeS: 1, proxyNowS: 1 };
  return { ...times, changes: [], verdict: 'reset', reason: 'table-reset', ...round };
}

describe('key logs', () => {
  test('are what changed since the look before, in Kafka and in the DCDB, once', async () => {
    const { proxy, dcdb, kafka, look } = createKeyScanner();
    proxy.state = { servers: server('ONLINE') };
    await look();
    proxy.state = { servers: server('SHUNNED') };
    await look();
    await look();
    expect(eventsIn(dcdb)).toMatchObject([
      {
        event: 'server-status',
        severity: 'warning',
        detail: { before: 'ONLINE', after: 'SHUNNED', server: 'db:3306' },
      },
    ]);
    expect(kafka.deliveries).toHaveLength(1);
  });

  test('tell a restart once, with the time when it was', async () => {
    const { proxy, dcdb, look } = createKeyScanner();
    await look();
    await look();
    proxy.uptimeS = 20;
    await look();
    const restartedMs = Date.now() - 60_000 - 20_000;
    await look();
    expect(eventsIn(dcdb)).toMatchObject([{ event: 'restart', happenedAtMs: restartedMs, detail: { uptimeS: 20 } }]);
  });

  test('begin anew with a state that cannot be read', async () => {
    const { proxy, dcdb, store, look } = createKeyScanner();
    await look();
    store.held('px1').states.set('keyLogs', 'garbage');
    proxy.uptimeS = 20;
    await look();
    expect(eventsIn(dcdb)).toEqual([]);
    await look();
    proxy.uptimeS = 20;
    await look();
    expect(eventsIn(dcdb)).toMatchObject([{ event: 'restart' }]);
  });
});

describe('a reset of the statistics by others', () => {
  test('is an event, beside those of the state', async () => {
    const { proxy, dcdb, digests, look } = createKeyScanner();
    proxy.state = { servers: server('ONLINE') };
    await look();
    proxy.state = { servers: server('SHUNNED') };
    digests.round = roundOf(Date.now() - 60_000);
    await look();
    digests.round = undefined;
    await look();
    expect(
      eventsIn(dcdb)
        .map(({ event }) => event)
        .sort(),
    ).toEqual(['server-status', 'statistics-reset']);
  });

  test('is no event of its own when it is a restart, a purge or the first sight', async () => {
    const { dcdb, digests, look } = createKeyScanner();
    for (const round of [
      roundOf(1, { reason: 'restart' }),
      roundOf(1, { verdict: 'purged', reason: undefined }),
      roundOf(undefined),
      roundOf(1, { verdict: 'continued', reason: undefined }),
    ]) {
      digests.round = round;
      await look();
    }
    expect(eventsIn(dcdb)).toEqual([]);
  });

  test('is told once when the history could not be saved and sees it again', async () => {
    const { dcdb, digests, look } = createKeyScanner();
    await look();
    const fromMs = Date.now() - 60_000;
    digests.round = roundOf(fromMs);
    digests.saving = () => {
      throw new ProxywatchError('STORE_UNAVAILABLE', 'away');
    };
    await look();
    // The age of a stored read is told by clocks: it is never exactly the same.
    digests.round = roundOf(fromMs + 40);
    digests.saving = () => undefined;
    await look();
    expect(eventsIn(dcdb)).toMatchObject([{ event: 'statistics-reset' }]);
    digests.round = roundOf(Date.now() - 60_000);
    await look();
    expect(eventsIn(dcdb)).toHaveLength(2);
  });

  test('that cannot be committed keeps the history from being saved', async () => {
    const { store, digests, look } = createKeyScanner();
    await look();
    digests.round = roundOf(Date.now() - 60_000);
    store.before = (call) => {
      if (call === 'commit') throw new ProxywatchError('STORE_UNAVAILABLE', 'away');
    };
    let isSaved = false;
    digests.saving = () => {
      isSaved = true;
    };
    const report = await look();
    expect(isSaved).toBe(false);
    expect(report.collectors.map(({ problem }) => problem?.code)).toEqual(['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
  });
});

describe('drift', () => {
  const checksums = (checksum: string) => ({ checksums: [{ name: 'mysql_users', version: 2, epochS: 1, checksum }] });
  const GIVEN = { appliedChecksums: { mysql_users: '0xA' }, adminCredentialRef: 'admin' };
  const told = (sink: MemorySink) => eventsIn(sink).map(({ event }) => event);

  test('is told by what the credential for changes shows, where that of statistics shows nothing', async () => {
    const { proxy, dcdb, look } = createKeyScanner(GIVEN);
    proxy.adminState = checksums('0xA');
    await look();
    proxy.adminState = checksums('0xB');
    await look();
    await look();
    await look();
    proxy.adminState = checksums('0xA');
    await look();
    expect(told(dcdb)).toEqual(['configuration-changed', 'drift-begin', 'configuration-changed', 'drift-end']);
    expect(proxy.sessions.every(({ closed }) => closed)).toBe(true);
  });

  test('needs no second connection where the credential of statistics shows checksums', async () => {
    const { proxy, dcdb, look } = createKeyScanner(GIVEN);
    proxy.state = checksums('0xB');
    await look();
    await look();
    expect(told(dcdb)).toEqual(['drift-begin']);
    expect(proxy.sessions).toHaveLength(2);
  });

  test('is not looked for where there is nothing to compare with, or no credential', async () => {
    for (const registered of [{ adminCredentialRef: 'admin' }, { appliedChecksums: GIVEN.appliedChecksums }]) {
      const { proxy, dcdb, look } = createKeyScanner(registered);
      proxy.adminState = checksums('0xB');
      await look();
      await look();
      expect(told(dcdb)).toEqual([]);
      expect(proxy.sessions).toHaveLength(2);
    }
  });

  test('that cannot be looked for keeps no other key log from being told', async () => {
    const { proxy, dcdb, look, log } = createKeyScanner(GIVEN);
    proxy.state = { servers: server('ONLINE') };
    await look();
    let connects = 0;
    proxy.before = (call) => {
      if (call === 'connect' && ++connects % 2 === 0) throw new ProxywatchError('PROXY_ACCESS_DENIED', 'no');
    };
    proxy.state = { servers: server('SHUNNED') };
    const report = await look();
    expect(told(dcdb)).toEqual(['server-status']);
    expect(report.collectors.find(({ name }) => name === 'keyLogs')?.problem).toBeUndefined();
    expect(log.events).toContain('checksums were not read: PROXY_ACCESS_DENIED');
  });
});
