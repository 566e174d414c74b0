import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { startNodeProcess } from '../../../infra/local/launcher/node-process.ts';
import { printsReadyLine, type Told } from '../../../infra/local/launcher/ready-checks.ts';
import type { Child } from '../../../infra/local/services/child.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = join(import.meta.dirname, '../../..');
let child: Child | undefined;
afterEach(() => child?.stop());

test('the reference server runs as a process of its own, and ends when it is told to', async () => {
  let told: Told = {};
  child = await startNodeProcess(
    {
      name: 'dbconfig',
      command: ['infra/local/dbconfig/main.ts'],
      root,
      env: { DBCONFIG_PORT: '0', LAB_BACKEND_URL: 'mysql://root@127.0.0.1:13306/x', DBCONFIG_TOKEN: '' },
      log: join(temporaryFolder(), 'dbconfig.log'),
      ready: printsReadyLine,
      onReady: (line) => {
        told = line;
      },
    },
    AbortSignal.timeout(30_000),
  );
  const response = await fetch(`${told.url}/clusters/shop-main/instances`);
  expect(await response.json()).toMatchObject({ items: [{ host: '127.0.0.1', port: 13_306, role: 'writer' }, {}] });
  process.kill(child.pid, 'SIGTERM');
  expect(await child.exited).toMatchObject({ code: 0 });
});
