import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startRedis } from '../../../infra/local/services/redis.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { type CountingProxy, startCountingProxy } from '../../support/counting-proxy.ts';
import { type RunningGateway, startTestGateway } from '../../support/gateway-lab.ts';
import { until } from '../../support/until.ts';

const DIGESTS = 100_000;
/** As patient as a scraper may be: what is asked here is whether the numbers are right. */
const PATIENT = { 'X-Prometheus-Scrape-Timeout-Seconds': '120' };

let redis: Service;
let proxy: CountingProxy;
let gateway: RunningGateway;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  proxy = await startCountingProxy();
  for (let digest = 0; digest < DIGESTS; digest++) proxy.run(digest, 1 + (digest % 7), { text: `SELECT ${digest}` });
});
afterEach(async () => {
  await gateway.stop();
  await proxy.close();
});

/** What the first scrape shows that shows statistics: on a busy machine the write of a history may come too late for one. */
async function fetchSums() {
  let sums = await scrapeSums();
  const isShown = async () => {
    if (sums.all.length === 0) sums = await scrapeSums();
    return sums.all.length > 0;
  };
  await until('statistics are shown', isShown, 60_000);
  return sums;
}

/** The total and the sum over all digest series; the strict parser would take most of the time. */
async function scrapeSums() {
  const body = await (await fetch(`${gateway.url}/metrics`, { headers: PATIENT })).text();
  const valuesOf = (name: string) => {
    const start = body.indexOf(`\n${name}{`) + 1;
    if (start === 0) return [];
    const lines = body.slice(start, body.indexOf('# HELP', start)).trimEnd().split('\n');
    return lines.map((line) => Number(line.slice(line.lastIndexOf(' '))));
  };
  const digests = valuesOf('dbproxy_sql_executions_total');
  return {
    all: valuesOf('dbproxy_sql_all_executions_total'),
    sum: digests.reduce((sum, value) => sum + value, 0),
    named: Math.max(0, digests.length - 1),
  };
}

describe('a proxy with 100,000 digests', () => {
  const start = async (id: string, topN: number) => {
    gateway = await startTestGateway(redis.url, [{ id, port: proxy.port }], { DIGEST_TOP_N: String(topN) });
  };

  test('is counted exactly from the first scrape on, over a reset and by a successor', async () => {
    const exact = () => ({ all: [proxy.total], sum: proxy.total, named: 100 });
    await start('few', 100);
    expect(await fetchSums()).toEqual(exact());
    for (let digest = 0; digest < DIGESTS; digest += 1_000) proxy.run(digest, 3);
    expect(await fetchSums()).toEqual(exact());
    proxy.reset();
    for (let digest = 0; digest < DIGESTS; digest += 2) proxy.run(digest);
    expect(await fetchSums()).toEqual(exact());
    await gateway.stop();
    // Before the successor starts: it collects at once, and a scrape joins the collection that is under way.
    proxy.run(1, 5);
    await start('few', 100);
    expect(await fetchSums()).toEqual(exact());
  });

  test('shows all of them where there is room', async () => {
    const exact = () => ({ all: [proxy.total], sum: proxy.total, named: DIGESTS });
    await start('all', 2 * DIGESTS);
    expect(await fetchSums()).toEqual(exact());
    for (let digest = 0; digest < DIGESTS; digest += 1_000) proxy.run(digest, 3);
    expect(await fetchSums()).toEqual(exact());
  });
});
