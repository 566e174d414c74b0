import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createFileDeadLetters } from '@proxywatch/core/drivers/dead-letters/file-dead-letters';
import { failureOf } from '../../../../../support/redis-servers.ts';
import { requestFor } from '../../../../../support/scan-requests.ts';
import { temporaryFolder } from '../../../../../support/temporary-folder.ts';

const linesOf = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');

describe('dead letters in a file', () => {
  test('are a line each, with reason and time, for its owner alone', async () => {
    const path = join(temporaryFolder(), 'run', 'dead-letters.jsonl');
    const letters = createFileDeadLetters(path);
    await letters.send(requestFor('shop-1'), 'INVOKE_FAILED: no answer\nwithin 5 s');
    await letters.send(requestFor('shop-2'), 'x'.repeat(10_000));
    const [first, second] = linesOf(path).map((line) => JSON.parse(line));
    expect(first).toMatchObject({ reason: 'INVOKE_FAILED: no answer\nwithin 5 s', request: requestFor('shop-1') });
    expect(new Date(first.failedAt).toISOString()).toBe(first.failedAt);
    expect(second.reason).toHaveLength(501);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('that come at once do not mix', async () => {
    const path = join(temporaryFolder(), 'dead-letters.jsonl');
    const letters = createFileDeadLetters(path);
    await Promise.all(Array.from({ length: 50 }, (_, i) => letters.send(requestFor(`shop-${i}`), 'reason')));
    const ids = linesOf(path).map((line) => JSON.parse(line).request.proxies[0].proxy.id);
    expect(ids).toEqual(Array.from({ length: 50 }, (_, i) => `shop-${i}`));
  });

  test('are refused by a file that is full, and it stays as it is', async () => {
    const path = join(temporaryFolder(), 'dead-letters.jsonl');
    const letters = createFileDeadLetters(path, 600);
    await letters.send(requestFor('shop-1'), 'reason');
    const before = readFileSync(path, 'utf8');
    expect(errorCodeOf(await failureOf(letters.send(requestFor('shop-2'), 'y'.repeat(500))))).toBe('SINK_FULL');
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test('that cannot be written say so, and one that fails keeps no other from its turn', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const nowhere = createFileDeadLetters(join(folder, 'file', 'dead-letters.jsonl'));
    const failures = await Promise.all([1, 2].map(() => failureOf(nowhere.send(requestFor('shop-1'), 'reason'))));
    expect(failures.map(errorCodeOf)).toEqual(['SINK_UNAVAILABLE', 'SINK_UNAVAILABLE']);
  });
});
