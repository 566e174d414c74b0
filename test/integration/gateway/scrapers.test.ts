import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { type CountingProxy, complete, executionsOf, startCountingProxy } from '../../support/counting-proxy.ts';
import { type RunningGateway, startTestGateway } from '../../support/gateway-lab.ts';
import { until } from '../../support/until.ts';
import { parseExposition } from '../../unit/functions/gateway/exposition/strict-parser.ts';

/** So many that an answer is larger than what sockets hold of it. */
const DIGESTS = 12_000;

let redis: Service;
let proxy: CountingProxy;
let gateway: RunningGateway;

beforeAll(async () => {
  redis = await startRedis();
  proxy = await startCountingProxy();
  for (let digest = 0; digest < DIGESTS; digest++) proxy.run(digest);
  gateway = await startTestGateway(redis.url, [{ id: 'p', port: proxy.port }], { DIGEST_TOP_N: String(2 * DIGESTS) });
});
afterAll(async () => {
  await gateway.stop();
  await proxy.close();
  await redis.stop();
});

/** Sends a request, and reads nothing of the answer before it is told to. */
const answerTo = (headers: Record<string, string> = {}) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get(`${gateway.url}/metrics`, { headers, agent: false }, (response) => resolve(response.pause())).on(
      'error',
      reject,
    );
  });

describe.each([
  ['text', 'text/plain'],
  ['openmetrics', 'application/openmetrics-text'],
] as const)('a scraper of %s', (format, accept) => {
  test('that reads slowly gets one state, whatever is collected meanwhile', async () => {
    const before = complete(proxy);
    const slow = await answerTo({ Accept: accept });
    for (let i = 0; i < 2; i++) {
      // Wider numbers, new series: all that moves bytes.
      for (let digest = i; digest < DIGESTS; digest += 100) proxy.run(digest, 10 ** (i + 2));
      for (let digest = 0; digest < 50; digest++) proxy.run(DIGESTS + 1_000 * i + digest);
      expect(executionsOf(await gateway.scrape(), 'p')).toEqual(complete(proxy));
    }
    const { samples } = parseExposition(await text(slow), format);
    expect(executionsOf(samples, 'p')).toEqual(before);
  });
});

test('scrapers that hang up disturb nobody', async () => {
  for (let i = 0; i < 5; i++) {
    const gone = await answerTo(i % 2 === 0 ? {} : { 'Accept-Encoding': 'gzip' });
    gone.destroy();
    proxy.run(i, 7);
    expect(executionsOf(await gateway.scrape(), 'p')).toEqual(complete(proxy));
  }
});

test('scrapers that hang up before they are answered disturb nobody', async () => {
  const blocked = Promise.withResolvers<void>();
  proxy.beforeRead = () => blocked.resolve();
  const request = get(`${gateway.url}/metrics`, { agent: false });
  request.on('error', () => undefined);
  await blocked.promise;
  request.destroy();
  proxy.beforeRead = () => undefined;
  // Whoever asks meanwhile joins that collection, and gets what it read.
  await until('the collection has ended', async () => (await gateway.describe('p')).collecting === false);
  proxy.run(1, 5);
  expect(executionsOf(await gateway.scrape(), 'p')).toEqual(complete(proxy));
});

test('many scrapers at once all get a complete answer', async () => {
  proxy.run(1, 5);
  const answers = await Promise.all(Array.from({ length: 8 }, () => gateway.scrape()));
  for (const samples of answers) expect(executionsOf(samples, 'p')).toEqual(complete(proxy));
});
