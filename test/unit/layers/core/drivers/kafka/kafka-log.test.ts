import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { kafkaLogOf, STOPPED } from '@proxywatch/core/drivers/kafka/kafka-log';

const require = createRequire(import.meta.url);
const [ERROR, WARN, INFO, DEBUG] = [1, 2, 4, 5];

function logged(level: number, message: string, extra: object = {}) {
  const lines: unknown[] = [];
  const write = kafkaLogOf((event, fields) => lines.push([event, fields]))(level);
  write({ namespace: 'Consumer', level, label: '', log: { timestamp: '', message, ...extra } });
  return lines;
}

describe('what the Kafka client says', () => {
  test.each([ERROR, WARN])('is a warning at level %i, without anything that may be a payload', (level) => {
    expect(logged(level, 'Connection error', { broker: 'b:9092', payload: 'secret' })).toEqual([
      ['kafka client', { part: 'Consumer', message: 'Connection error', broker: 'b:9092', error: undefined }],
    ]);
  });

  test.each([INFO, DEBUG])('is nothing at level %i', (level) => {
    expect(logged(level, 'Request ApiVersions')).toEqual([]);
  });
});

describe('a consumer that was stopped', () => {
  // Its loop: https://github.com/tulios/kafkajs, src/consumer/fetcher.js.
  test('and asks itself for messages for ever is ended by an error', async () => {
    const createFetcher = require('kafkajs/src/consumer/fetcher');
    const { createLogger } = require('kafkajs/src/loggers');
    const logger = createLogger({ level: DEBUG, logCreator: kafkaLogOf(() => {}) });
    let asked = 0;
    const fetch = async () => {
      // So that a loop that does not end fails this test, instead of holding it for ever.
      if (++asked > 1_000) throw new Error('asked for ever');
      logger.debug(STOPPED, {});
      return [];
    };
    const fetcher = createFetcher({ nodeId: 1, workerQueue: {}, partitionAssignments: new Map(), fetch, logger });
    await expect(fetcher.start()).rejects.toThrow('the consumer was stopped');
    expect(asked).toBe(1);
  });

  test('still says so in the words that we listen for', () => {
    const source = readFileSync(require.resolve('kafkajs/src/consumer/runner.js'), 'utf8');
    const fetch = source.slice(source.indexOf('async fetch(nodeId)'));
    expect(fetch.slice(0, fetch.indexOf('return []'))).toContain(`this.logger.debug('${STOPPED}'`);
  });

  test('may say good-bye in the same words, at another level', () => {
    expect(logged(INFO, STOPPED)).toEqual([]);
  });
});
