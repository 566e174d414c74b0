import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { assertPortFree, isPortFree, pickFreePort } from '../../../../../infra/local/services/ports.ts';

async function whileTaken(port: number, work: () => Promise<void>): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await work().finally(() => server.close());
}

const [lowestOfKernel = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/).map(Number);

describe('a picked port', () => {
  test('is none that the kernel may give to an outgoing connection', async () => {
    for (const fraction of [0, 0.5, 1 - 2 ** -53]) {
      expect(await pickFreePort(() => fraction)).toBeLessThan(lowestOfKernel);
    }
  });

  test('is not the one that somebody has', async () => {
    const port = await pickFreePort();
    await whileTaken(port, async () => {
      expect(await isPortFree(port)).toBe(false);
      const draws = [port, port, port + 1].map((wanted) => (wanted + 0.5 - 20_000) / (lowestOfKernel - 20_000));
      expect(await pickFreePort(() => draws.shift() ?? Math.random())).not.toBe(port);
      expect(draws.length).toBeLessThan(2);
    });
    expect(await isPortFree(port)).toBe(true);
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
