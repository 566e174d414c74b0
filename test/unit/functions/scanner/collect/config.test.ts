import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { parseCollectConfig, routesOf, settingsOf } from '../../../../../functions/scanner/collect/config.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

let valid: Readonly<Record<'REDIS_URL' | 'DCDB_URL' | 'KAFKA_BROKERS' | 'PROXY_CREDENTIALS_FILE', string>>;
beforeEach(() => {
  const credentials = join(temporaryFolder(), 'credentials.json');
  writeFileSync(credentials, JSON.stringify({ stats: { user: 'stats', password: 'hunter2' } }));
  valid = environmentWith(credentials);
});

const environmentWith = (credentials: string) => ({
  REDIS_URL: 'redis://127.0.0.1:6379',
  DCDB_URL: 'mysql://pw:secret@127.0.0.1:3306/proxywatch',
  KAFKA_BROKERS: '127.0.0.1:9092,[::1]:9093',
  PROXY_CREDENTIALS_FILE: credentials,
});

const problemsOf = (env: Readonly<Record<string, string>>) => {
  try {
    parseCollectConfig(env);
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
  throw new Error('no problem was found');
};

describe('settings of collecting', () => {
  test('are complete with four addresses', () => {
    const config = parseCollectConfig(valid);
    expect(settingsOf(config, 'any')).toEqual({
      slowSqlMs: 1_000,
      slowTransactionMs: 5_000,
      showLiterals: false,
      sampleMs: 2_000,
      sqlStatsTopN: 200,
      maxRecords: 2_000,
    });
    expect(routesOf(config)).toMatchObject({ status: ['redis'], keyLogs: ['kafka', 'dcdb'] });
    expect(config.DCDB_CONNECTIONS).toBe(2);
  });

  test('have thresholds of their own for a namespace, and only what it names', () => {
    const config = parseCollectConfig({ ...valid, SCAN_THRESHOLDS: '{"batch":{"slowSqlMs":60000}}' });
    expect(settingsOf(config, 'batch')).toMatchObject({ slowSqlMs: 60_000, slowTransactionMs: 5_000 });
    expect(settingsOf(config, 'toString')).toMatchObject({ slowSqlMs: 1_000 });
  });

  test('need no sink that no route leads to', () => {
    const { DCDB_URL: _, KAFKA_BROKERS: __, ...rest } = valid;
    const nowhere = {
      sqlStats: [],
      sqlErrors: ['redis'],
      slowSql: [],
      slowTransactions: [],
      keyLogs: ['redis', 'redis'],
    };
    const config = parseCollectConfig({ ...rest, SCAN_ROUTES: JSON.stringify(nowhere) });
    expect(routesOf(config)).toMatchObject({ keyLogs: ['redis'], slowSql: [] });
  });

  test('tell all problems at once', () => {
    const { REDIS_URL: _, DCDB_URL: __, ...rest } = valid;
    const problems = problemsOf({
      ...rest,
      SCAN_SAMPLE_MS: '6000',
      KAFKA_IAM: 'true',
      SCAN_ROUTES: '{"status":["dcdb"]}',
    });
    expect(problems).toEqual([
      expect.stringContaining('REDIS_URL: not set'),
      expect.stringContaining('DCDB_URL: not set, but SCAN_ROUTES lead there'),
      expect.stringContaining('SCAN_ROUTES: the DCDB has no table for status'),
      expect.stringContaining('AWS_REGION: not set'),
      expect.stringContaining('SCAN_SAMPLE_MS: a transaction of twice the threshold must not slip through'),
    ]);
  });

  test('name what is wrong in a route', () => {
    expect(problemsOf({ ...valid, SCAN_ROUTES: '{"slowSql":["kafak"]}' }).join()).toContain('/slowSql/0');
  });

  test('see a threshold of a namespace that samples would miss', () => {
    const problems = problemsOf({ ...valid, SCAN_THRESHOLDS: '{"fast":{"slowTransactionMs":1000}}' });
    expect(problems).toEqual([expect.stringContaining('SCAN_SAMPLE_MS')]);
  });
});
