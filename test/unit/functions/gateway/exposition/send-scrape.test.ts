import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCatalogue } from '../../../../../functions/gateway/exposition/catalogue.ts';
import { ProxyDocument } from '../../../../../functions/gateway/exposition/document.ts';
import type { Family } from '../../../../../functions/gateway/exposition/family.ts';
import { encodeLabels } from '../../../../../functions/gateway/exposition/labels.ts';
import { negotiate } from '../../../../../functions/gateway/exposition/negotiate.ts';
import { assemble } from '../../../../../functions/gateway/exposition/scrape.ts';
import { sendScrape } from '../../../../../functions/gateway/exposition/send-scrape.ts';

const QUERIES: Family = { name: 'queries_total', type: 'counter', help: 'Queries.', value: 'integer' };
const CATALOGUE = createCatalogue([QUERIES]);

/** Far more than the sockets' buffers take, so that a reader that pauses holds the response up. */
const SERIES = 200_000;
const document = new ProxyDocument(CATALOGUE);
const table = document.table(QUERIES);
for (let i = 0; i < SERIES; i++)
  table.add(encodeLabels({ proxy: 'p', namespace: 'shop', digest: `digest number ${i}` }));

let cut = new AbortController();
let sent: Promise<unknown> = Promise.resolve();
const server = createServer((request, response: ServerResponse) => {
  const accepted = negotiate(request.headers.accept, String(request.headers['accept-encoding'] ?? ''));
  const scrape = assemble(CATALOGUE, [document], accepted.format);
  sent = sendScrape(response, scrape, accepted, { signal: cut.signal });
  sent.catch(() => undefined);
});

beforeEach(async () => {
  cut = new AbortController();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function request(headers: Record<string, string>): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  const [response] = await once(get({ host: '127.0.0.1', port, headers, agent: false }), 'response');
  return response as IncomingMessage;
}

function setAll(value: number): void {
  for (let ref = 0; ref < SERIES; ref++) table.set(ref, value);
}

function valuesIn(text: string): Set<string> {
  return new Set(text.split('\n').flatMap((line) => /^queries_total\{.*\} (\d+)$/.exec(line)?.[1] ?? []));
}

describe('a response', () => {
  test('that is read slowly holds the values of its beginning only', async () => {
    setAll(1);
    const response = await request({});
    response.pause();
    setAll(2);
    document.settle();
    const body = await buffer(response);
    expect(body.length).toBe(Number(response.headers['content-length']));
    expect([...valuesIn(body.toString())].map(Number)).toEqual([1]);
    await expect(sent).resolves.toBeUndefined();
  });

  test('says what it is', async () => {
    setAll(3);
    const headers = { accept: 'application/openmetrics-text; version=1.0.0', 'accept-encoding': 'gzip' };
    const response = await request(headers);
    const body = await buffer(response);
    expect(response.headers).toMatchObject({
      'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      'content-encoding': 'gzip',
      'content-length': String(body.length),
      vary: 'Accept, Accept-Encoding',
    });
    expect(gunzipSync(body).toString().endsWith('# EOF\n')).toBe(true);
  });

  test('whose reader hangs up ends, and the document writes in place again', async () => {
    const response = await request({});
    response.destroy();
    await expect(sent).rejects.toThrow();
    const buffers = () =>
      new Set(
        assemble(CATALOGUE, [document], 'text')
          .buffers()
          .map((bytes) => bytes.buffer),
      );
    const scrape = assemble(CATALOGUE, [document], 'text');
    scrape.release();
    const before = new Set(scrape.buffers().map((bytes) => bytes.buffer));
    setAll(5);
    expect([...buffers()].filter((bytes) => !before.has(bytes)).length).toBeLessThanOrEqual(2);
  });

  test('is cut when its time is over', async () => {
    const response = await request({});
    response.pause();
    cut.abort();
    await expect(sent).rejects.toThrow();
    await expect(buffer(response)).rejects.toThrow('aborted');
  });
});
