import { describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { collectOnce, createTestScanner, requestFor } from '../test-collect.ts';

const STATUS = requestFor(['status']);

describe('the status of a proxy', () => {
  test('is what it tells of itself, without its errors, in Redis alone', async () => {
    const { collect, proxy, redis, dcdb, kafka, store } = createTestScanner();
    proxy.errors = [proxy.errorRow(1062, 3)];
    proxy.state = { clusterPeers: [{ host: 'peer', port: 6032, isAnswering: true }] };
    await collectOnce(collect, STATUS);
    const [record] = [...redis.records.values()];
    expect(record).toMatchObject({
      kind: 'status',
      proxy: 'px1',
      namespace: 'test',
      reachable: true,
      status: { version: '2.7.2', uptimeS: 1_000, clientConnections: 3 },
      state: { clusterPeers: [{ host: 'peer', port: 6032, isAnswering: true }] },
    });
    expect(record && 'status' in record && record.status).not.toHaveProperty('errors');
    expect([dcdb.attempts, kafka.attempts]).toEqual([0, 0]);
    expect(store.calls).not.toContain('commit');
  });

  test('is there without what the credential may not see', async () => {
    const { collect, proxy, redis } = createTestScanner();
    proxy.before = (call) => {
      if (call === 'state') throw new ProxywatchError('PROXY_UNSUPPORTED', 'no state');
    };
    const report = await collectOnce(collect, STATUS);
    expect(report.collectors).toEqual([{ name: 'status', records: 1 }]);
    expect([...redis.records.values()]).toEqual([expect.not.objectContaining({ state: expect.anything() })]);
  });

  test('of one that answers nothing is unreachable, with the reason', async () => {
    const { collect, proxy, redis } = createTestScanner();
    proxy.before = (call) => {
      if (call === 'status') throw new ProxywatchError('PROXY_TIMEOUT', 'no answer in 15 s');
    };
    const report = await collectOnce(collect, STATUS);
    expect([...redis.records.values()]).toMatchObject([
      { reachable: false, problem: 'PROXY_TIMEOUT: no answer in 15 s' },
    ]);
    expect(report.collectors[0]?.problem).toMatchObject({ code: 'PROXY_TIMEOUT' });
  });

  test('that Redis does not take is not kept: there is a newer one soon', async () => {
    const { collect, redis, store } = createTestScanner();
    redis.before = () => {
      throw new ProxywatchError('SINK_UNAVAILABLE', 'away');
    };
    const report = await collectOnce(collect, STATUS);
    expect(report).toMatchObject({ outcome: 'collected', pending: 0, delivered: 0 });
    expect(store.held('px1').outbox.size).toBe(0);
  });
});
