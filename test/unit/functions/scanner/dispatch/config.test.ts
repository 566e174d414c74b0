import { describe, expect, test } from '@jest/globals';
import { messageOf } from '@proxywatch/core/domain/errors';
import { intervalsOf, parseLambdaDispatchConfig } from '../../../../../functions/scanner/dispatch/config.ts';

const least = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  SCAN_COLLECT_FUNCTION: 'collect',
  SCAN_DEAD_LETTERS_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/scan',
};

describe('the settings of dispatch', () => {
  test('are few: every collector runs at every tick of a minute', () => {
    const config = parseLambdaDispatchConfig(least);
    expect(config).toMatchObject({ SCAN_TICK_MS: 60_000, SCAN_PARALLEL: 50, SCAN_INTERVALS: {} });
    expect(intervalsOf(config)).toMatchObject({ status: 60_000, keyLogs: 60_000 });
  });

  test('give collectors intervals of their own', () => {
    const SCAN_INTERVALS = '{"keyLogs": 300000, "sqlErrors": 120000}';
    const config = parseLambdaDispatchConfig({ ...least, SCAN_TICK_MS: '15000', SCAN_INTERVALS });
    expect(intervalsOf(config)).toMatchObject({ status: 15_000, keyLogs: 300_000, sqlErrors: 120_000 });
  });

  test('are all told that are wrong, at once', () => {
    const wrong = { SCAN_TICK_MS: '5', SCAN_INTERVALS: '{"keyLog": 1000, "status": 0.5}', REDIS_URL: 'http://x' };
    let message = '';
    try {
      parseLambdaDispatchConfig(wrong);
    } catch (error) {
      message = messageOf(error);
    }
    for (const name of [...Object.keys(wrong), 'SCAN_COLLECT_FUNCTION', 'SCAN_DEAD_LETTERS_URL'])
      expect(message).toContain(`${name}: `);
    expect(message).toContain('keyLog: ');
    expect(message).toContain('/status: expected 1000 to 604800000');
  });
});
