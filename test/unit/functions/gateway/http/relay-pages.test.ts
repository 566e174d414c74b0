import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type RelayOptions, relayPages } from '../../../../../functions/gateway/http/relay-pages.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** The address of something that answers like this. */
async function startOwner(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const echo: RequestListener = (request, response) => response.end(`${request.url}\n`);
const never = () => new AbortController().signal;
/** Fetches the pages of proxies by their owners' addresses. */
const relay = (owners: Record<string, string | undefined>, options: Partial<RelayOptions> = {}) =>
  relayPages(Object.keys(owners), { addressOf: (id) => owners[id], signal: never(), patienceMs: 0, ...options });
const textsOf = (pages: readonly Buffer[]) => pages.map(String).toSorted();

describe('pages of other gateways', () => {
  test('are asked for proxy by proxy, in the text format, and not as a scraper does', async () => {
    const asked: unknown[] = [];
    const address = await startOwner((request, response) => {
      asked.push([request.headers.accept, request.headers['x-prometheus-scrape-timeout-seconds']]);
      echo(request, response);
    });
    const numbers = Array.from({ length: 30 }, (_, i) => i);
    const { pages, missing } = await relay(Object.fromEntries(numbers.map((i) => [`a b/${i}`, address])));
    expect(textsOf(pages)).toEqual(numbers.map((i) => `/metrics?proxy=a%20b%2F${i}\n`).toSorted());
    expect(missing.size).toBe(0);
    expect(asked).toEqual(Array(30).fill(['text/plain;version=0.0.4', undefined]));
  });

  test('of a proxy that has moved are fetched from where the former owner points', async () => {
    const owner = await startOwner(echo);
    const former = await startOwner((request, response) =>
      response.writeHead(307, { location: `http://${owner}${request.url}` }).end(),
    );
    const { pages } = await relay({ a: former });
    expect(textsOf(pages)).toEqual(['/metrics?proxy=a\n']);
  });

  test('that cannot be had are named with the reason, and the others are there', async () => {
    const good = await startOwner(echo);
    const refusing = await startOwner((_, response) => response.writeHead(500).end('{}'));
    const moving = await startOwner((_, response) => response.writeHead(503).end('{}'));
    const cut = await startOwner((_, response) => {
      response.writeHead(200, { 'Content-Length': '100' }).write('half');
      setImmediate(() => response.destroy());
    });
    const gone = await startOwner(echo);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const { pages, missing } = await relay({ good, refusing, cut, gone, moving, orphan: undefined });
    expect(textsOf(pages)).toEqual(['/metrics?proxy=good\n']);
    expect(Object.fromEntries(missing)).toEqual({
      refusing: `${refusing}: answered 500`,
      cut: expect.stringContaining(`${cut}: `),
      gone: expect.stringContaining('ECONNREFUSED'),
      moving: `${moving}: does not have it`,
      orphan: 'no gateway owns it now',
    });
  });

  test('of proxies on their way are asked for again, at whoever owns them by then', async () => {
    const good = await startOwner(echo);
    const refusals: string[] = [];
    const busy = await startOwner((request, response) => {
      refusals.push(request.url ?? '');
      response.writeHead(503).end('{}');
    });
    const owners = new Map([['moving', busy]]);
    const addressOf = (id: string) => {
      if (refusals.length > 0) owners.set('moving', good).set('orphan', good);
      return owners.get(id);
    };
    const { pages } = await relayPages(['moving', 'orphan'], { addressOf, signal: never(), patienceMs: 60_000 });
    expect(textsOf(pages)).toEqual(['/metrics?proxy=moving\n', '/metrics?proxy=orphan\n']);
    expect(refusals).toEqual(['/metrics?proxy=moving']);
  });

  test('are not waited for longer than the signal says, and a gateway that hangs holds up no other', async () => {
    const good = await startOwner(echo);
    const hanging = await startOwner(() => undefined);
    const giveUp = new AbortController();
    const owners = Array.from({ length: 20 }, (_, i) => [`p${i}`, i < 12 ? hanging : good] as const);
    let served = 0;
    servers[0]?.on('request', () => {
      served++;
      if (served === 8) setImmediate(() => giveUp.abort());
    });
    const { pages, missing } = await relay(Object.fromEntries(owners), { signal: giveUp.signal });
    expect(pages.length + missing.size).toBe(20);
    expect(missing.get('p0')).toBe(`${hanging}: too late`);
    expect(missing.get('p11')).toBe(`${hanging}: too late`);
    expect(served).toBe(8);
  });

  test('end where there is no room for more', async () => {
    const address = await startOwner((_, response) => response.end('x'.repeat(60)));
    const { pages, missing } = await relay({ a: address, b: address }, { maxBytes: 100 });
    expect(pages).toHaveLength(1);
    expect([...missing.values()]).toEqual([`${address}: the page has no room for more than 100 bytes`]);
  });
});
