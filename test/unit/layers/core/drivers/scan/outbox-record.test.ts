import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { decodeOutboxRecord, encodePendingBatch } from '@proxywatch/core/drivers/scan/outbox-record';
import type { PendingBatch } from '@proxywatch/core/ports/scan-store';

const batch = { id: 'b', proxy: 'p', namespace: 'n', collector: 'keyLogs', observedAtMs: 1, records: [] } as const;
const pending = (given: object = {}): PendingBatch => ({ batch: { ...batch, ...given }, pending: ['kafka', 'dcdb'] });
/** As Redis puts it together. */
const recordOf = (given: PendingBatch, head = '1;7;') =>
  Buffer.concat([Buffer.from(head), encodePendingBatch(given)[1]]);

describe('a batch in the outbox', () => {
  test('is what was encoded, under its id', () => {
    expect(encodePendingBatch(pending())[0]).toBe('b');
    const record = recordOf(pending());
    expect(decodeOutboxRecord('p', 'b', record)).toEqual({ ...pending(), sequence: 7, bytes: record.length });
  });

  test('takes a tenth of what records take that resemble each other', () => {
    const records = Array.from({ length: 200 }, (_, i) => ({
      kind: 'sqlStats',
      digest: `0x${i}`,
      text: 'SELECT a FROM b',
    }));
    const size = JSON.stringify(records).length;
    expect(encodePendingBatch(pending({ records }))[1].length).toBeLessThan(size / 8);
  });

  test.each([
    ['of another proxy', 'q', 'b', recordOf(pending())],
    ['under another id', 'p', 'c', recordOf(pending())],
    ['of a later version', 'p', 'b', recordOf(pending(), '2;7;')],
    ['without a sequence', 'p', 'b', recordOf(pending(), '1;;')],
    ['that no sink wants', 'p', 'b', Buffer.concat([Buffer.from('1;7;;'), gzipSync(JSON.stringify(batch))])],
    ['of an unknown collector', 'p', 'b', recordOf(pending({ collector: 'x' }))],
    ['without records', 'p', 'b', recordOf(pending({ records: null }))],
    ['that is no JSON', 'p', 'b', Buffer.concat([Buffer.from('1;7;dcdb;'), gzipSync('{')])],
    ['that is cut off', 'p', 'b', recordOf(pending()).subarray(0, -5)],
    ['that is empty', 'p', 'b', Buffer.alloc(0)],
    [
      'that would fill the memory',
      'p',
      'b',
      Buffer.concat([Buffer.from('1;7;dcdb;'), gzipSync(Buffer.alloc(70_000_000))]),
    ],
  ])('%s is none', (_, proxy, id, record) => {
    expect(decodeOutboxRecord(proxy, id, record)).toBeUndefined();
  });
});
