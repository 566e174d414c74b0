import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { answersHttp, printsReadyLine } from '../../../../../infra/local/launcher/ready-checks.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

const signal = new AbortController().signal;
const NOTHING = { log: '', logOffset: 0 };
let server: Server | undefined;

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

describe('a process that prints when it is ready', () => {
  const told = (text: string, logOffset = 0) => {
    const log = join(temporaryFolder(), 'log');
    writeFileSync(log, text);
    return printsReadyLine({ log, logOffset }, signal);
  };

  test.each([
    ['nothing', ''],
    ['other lines', 'starting\n{"ready":false}\n{"other":true}\nready\n'],
    ['half of its line', '{"ready":true,"port":12'],
  ])('is not ready after %s', async (_, text) => {
    expect(await told(text)).toBeUndefined();
  });

  test('tells the rest of that line', async () => {
    expect(await told('starting\n{"ready":true,"port":12}\nmore\n')).toEqual({ ready: true, port: 12 });
  });

  test('is not ready because a former life of it was', async () => {
    const former = '{"ready":true}\n';
    expect(await told(`${former}starting\n`, former.length)).toBeUndefined();
  });
});

describe('a process that answers HTTP', () => {
  test('is ready once it answers 200', async () => {
    let status = 503;
    const listening = createServer((_, response) => response.writeHead(status).end());
    server = listening;
    const port = await new Promise((resolve) =>
      listening.listen(0, '127.0.0.1', () => resolve((listening.address() as { port: number }).port)),
    );
    const check = answersHttp(`http://127.0.0.1:${port}/readyz`);
    expect(await check(NOTHING, signal)).toBeUndefined();
    status = 200;
    expect(await check(NOTHING, signal)).toEqual({});
  });
});
