import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { assertPortFree, isPortFree, pickFreePort, pickFreePorts } from '../../../../../infra/local/services/ports.ts';

async function whileTaken(port: number, work: () => Promise<void>): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await work().finally(() => server.close());
}

const PORTS = new URL('../../../../../infra/local/services/ports.ts', import.meta.url);
const [lowestOfKernel = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/).map(Number);

/** Draws such that these ports are wanted first, with neighbours as far as `reach`; any afterwards. */
function drawing(ports: readonly number[], reach = 0): () => number {
  const draws = ports.map((port) => (port + 0.5 - 20_000) / (lowestOfKernel - 20_000 - reach));
  return () => draws.shift() ?? Math.random();
}

/** A port that is free, and that nobody has picked. */
async function unpickedPort(): Promise<number> {
  const { port, other } = await pickElsewhere();
  await end(other);
  return port;
}

async function pickElsewhere(): Promise<{ port: number; other: ChildProcess }> {
  const script = `import('${PORTS}').then((m) => m.pickFreePorts([0, 10])).then(console.log).then(() => setInterval(() => {}, 1e6))`;
  const other = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--eval', script]);
  return { port: Number(await new Promise((resolve) => other.stdout.once('data', resolve))), other };
}

async function end(other: ChildProcess): Promise<void> {
  other.kill('SIGKILL');
  await once(other, 'exit');
}

describe('a picked port', () => {
  test('is none that the kernel may give to an outgoing connection', async () => {
    for (const fraction of [0, 0.5, 1 - 2 ** -53]) {
      const draws = [fraction];
      expect(await pickFreePort(() => draws.shift() ?? Math.random())).toBeLessThan(lowestOfKernel);
    }
  });

  test('is not the one that somebody has', async () => {
    const port = await unpickedPort();
    await whileTaken(port, async () => {
      expect(await isPortFree(port)).toBe(false);
      expect(await pickFreePort(drawing([port, port]))).not.toBe(port);
    });
    expect(await pickFreePort(drawing([port]))).toBe(port);
  });

  test('is not one that was picked before, though nobody listens there', async () => {
    const port = await pickFreePort();
    expect(await isPortFree(port)).toBe(true);
    expect(await pickFreePort(drawing([port]))).not.toBe(port);
  });

  test('is another process’s until that one is gone, however it goes', async () => {
    const { port, other } = await pickElsewhere();
    expect(await pickFreePort(drawing([port]))).not.toBe(port);
    await end(other);
    expect(await pickFreePort(drawing([port]))).toBe(port);
  });

  test('has its neighbours too, where they are wanted, or gives up all of them', async () => {
    const port = await unpickedPort();
    await whileTaken(port + 10, async () => {
      expect(await pickFreePorts([0, 10], drawing([port], 10))).not.toBe(port);
    });
    expect(await pickFreePorts([0, 10], drawing([port], 10))).toBe(port);
    expect(await pickFreePort(drawing([port + 10]))).not.toBe(port + 10);
  });

  test('is refused when there is none', async () => {
    const fraction = drawing([await pickFreePort()])();
    await expect(pickFreePort(() => fraction)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  });
});

test('a port that is taken is named together with the variable that changes it', async () => {
  const port = await pickFreePort();
  await whileTaken(port, () =>
    expect(assertPortFree(port, 'the shop', 'SHOP_PORT')).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringMatching(new RegExp(`port ${port} of the shop .* SHOP_PORT`)),
    }),
  );
});
