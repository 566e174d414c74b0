import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createFileDeadLetters } from '@proxywatch/core/drivers/dead-letters/file-dead-letters';
import { readDeadLetters } from '../../../../../infra/local/scan/read-dead-letters.ts';
import { dueOf, renderReplay } from '../../../../../infra/local/scan/replay.ts';
import { failureOf } from '../../../../support/redis-servers.ts';
import { reportOf } from '../../../../support/scan-reports.ts';
import { proxyNamed, requestFor } from '../../../../support/scan-requests.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

describe('a file of dead letters', () => {
  test('is read back as dispatch wrote it', async () => {
    const path = join(temporaryFolder(), 'dead.jsonl');
    const letters = createFileDeadLetters(path);
    await letters.send(requestFor('shop-1', 'shop-2'), 'INVOKE_THROTTLED: rate exceeded');
    await letters.send(requestFor('shop-3'), 'INVOKE_FAILED: no answer');
    expect(await readDeadLetters(path)).toEqual({
      letters: [
        { line: 1, reason: 'INVOKE_THROTTLED: rate exceeded', request: requestFor('shop-1', 'shop-2') },
        { line: 2, reason: 'INVOKE_FAILED: no answer', request: requestFor('shop-3') },
      ],
      damaged: [],
    });
  });

  test("may hold what Lambda's destinations and queues hold, and says which lines it cannot read", async () => {
    const path = join(temporaryFolder(), 'dead.jsonl');
    const destination = { requestContext: { condition: 'RetriesExhausted' }, requestPayload: requestFor('shop-1') };
    const lines = [JSON.stringify(destination), '', JSON.stringify(requestFor('shop-2')), '{"half', '{"request":{}}'];
    writeFileSync(path, lines.join('\n'));
    const { letters, damaged } = await readDeadLetters(path);
    expect(letters).toEqual([
      { line: 1, reason: 'RetriesExhausted', request: requestFor('shop-1') },
      { line: 3, reason: 'not known', request: requestFor('shop-2') },
    ]);
    expect(damaged).toEqual([
      { line: 4, problem: 'not valid JSON' },
      { line: 5, problem: 'no request of the scanner' },
    ]);
  });

  test('that is not there is told', async () => {
    expect(await failureOf(readDeadLetters('/nowhere/dead.jsonl'))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('/nowhere/dead.jsonl cannot be read'),
    });
  });
});

describe('a replay', () => {
  const letter = (line: number, ...ids: string[]) => ({ line, reason: 'INVOKE_FAILED', request: requestFor(...ids) });

  test('has each proxy once, with all that any letter asked for, as it is registered now', () => {
    const more = requestFor('shop-1');
    const keyLogs = { ...more, proxies: more.proxies.map((one) => ({ ...one, collectors: ['keyLogs' as const] })) };
    const letters = [{ line: 1, reason: 'r', request: keyLogs }, letter(2, 'shop-1', 'retired')];
    const registered = [{ ...proxyNamed('shop-1'), adminHost: 'moved.example' }, proxyNamed('shop-9')];
    expect(dueOf(letters, registered)).toEqual([{ proxy: registered[0], collectors: ['status', 'keyLogs'] }]);
  });

  test('tells what became of each letter', () => {
    const letters = [letter(1, 'shop-1', 'shop-2'), letter(3, 'retired')];
    const reports = [reportOf('shop-1'), reportOf('shop-2', { outcome: 'unreachable' })];
    expect(renderReplay(letters, reports)).toBe(`LINE  TICK                      WHY IT WAS DEAD  PROXIES  NOW
   1  1970-01-01T00:01:00.000Z  INVOKE_FAILED          2  collected 1, unreachable 1
   3  1970-01-01T00:01:00.000Z  INVOKE_FAILED          1  no longer registered 1`);
  });
});
