import { describe, expect, test } from '@jest/globals';
import { NodeView } from '../../../../../../../infra/local/lab/admin/cluster/node-view.ts';

const PEER = { host: '127.0.0.1', port: 6042 };

describe('the view of a node', () => {
  test('tells when each checksum was seen last, and since when it is what it is', () => {
    let nowMs = 100_000;
    const view = new NodeView(PEER, () => nowMs);
    view.sawChecksums([
      ['mysql_users', '1', '50', '0xA'],
      ['mysql_servers', '1', '50', '0xB'],
    ]);
    nowMs = 160_000;
    view.sawChecksums([
      ['mysql_users', '2', '150', '0xC'],
      ['mysql_servers', '1', '50', '0xB'],
    ]);
    expect(view.checksumRows()).toEqual([
      ['127.0.0.1', 6042, 'mysql_users', 2, 150, '0xC', 160, 160, 0],
      ['127.0.0.1', 6042, 'mysql_servers', 1, 50, '0xB', 100, 160, 0],
    ]);
  });

  test('shows its counters with their age', () => {
    let nowMs = 100_000;
    const view = new NodeView(PEER, () => nowMs);
    view.sawCounters(
      [
        ['Questions', '9'],
        ['ProxySQL_Uptime', '41'],
        ['Client_Connections_connected', '2'],
        ['Client_Connections_created', '5'],
        ['Slow_queries', '1'],
      ],
      3,
    );
    nowMs = 102_575;
    expect(view.metricsRow()).toEqual(['127.0.0.1', 6042, 0, '', 3, 41, 2_575, 9, 2, 5]);
  });

  test('of a node that never answered has no checksums and no uptime', () => {
    const view = new NodeView(PEER, () => 1_800_000_000_000);
    expect(view.checksumRows()).toEqual([]);
    expect(view.metricsRow()).toEqual(['127.0.0.1', 6042, 0, '', 0, 0, 1_800_000_000_000, 0, 0, 0]);
  });
});
