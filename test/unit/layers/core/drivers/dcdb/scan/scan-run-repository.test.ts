import { setImmediate as turn } from 'node:timers/promises';
import { expect, jest, test } from '@jest/globals';
import { createDcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { recordScanRun } from '@proxywatch/core/drivers/dcdb/scan/scan-run-repository';
import { startRawServer } from '../../../../../../support/raw-server.ts';

const RUN = {
  tickMs: 1_795_342_080_000,
  startedAtMs: 1_795_342_080_012,
  durationMs: 10,
  outcome: 'complete',
  proxies: 1,
  due: 1,
  paused: 0,
  backingOff: 0,
  damaged: 0,
  invocations: 1,
  retries: 0,
  deadLetters: 0,
  lost: 0,
} as const;

test('a run that cannot be recorded in time is given up, and what fails of it later stays out of the log', async () => {
  const printed = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  // A database that takes connections and never says a word.
  const connected = Promise.withResolvers<void>();
  const server = await startRawServer(() => connected.resolve());
  const db = createDcdb(`mysql://u:p@127.0.0.1:${server.port}/d`, { connectTimeoutMs: 200 });
  try {
    const giveUp = new AbortController();
    const recorded = recordScanRun(db, RUN, giveUp.signal);
    await connected.promise;
    giveUp.abort(new Error('no time left'));
    await expect(recorded).rejects.toThrow('no time left');
    await server.allGone();
    for (let i = 0; i < 10; i++) await turn();
    expect(printed).not.toHaveBeenCalled();
  } finally {
    printed.mockRestore();
    await db.destroy();
    await server.close();
  }
});
