import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { negotiate } from '../../../functions/gateway/exposition/negotiate.ts';
import { assemble } from '../../../functions/gateway/exposition/scrape.ts';
import { sendScrape } from '../../../functions/gateway/exposition/send-scrape.ts';
import { startPrometheus } from '../../../infra/local/services/prometheus.ts';
import type { Service } from '../../../infra/local/services/service.ts';
import { queryPrometheus } from '../../support/prometheus.ts';
import { until } from '../../support/until.ts';
import {
  CONTROL_TEXT,
  EXAMPLE_CATALOGUE,
  exampleDocument,
  HARD_TEXTS,
} from '../../unit/functions/gateway/exposition/example.ts';

const TEXTS = [...HARD_TEXTS, CONTROL_TEXT];
const documents = ['proxy-1', 'proxy-2'].map((proxy) => exampleDocument(proxy, TEXTS));
const seenAccepts = new Set<string>();

/** `/text` serves the older format whatever the scraper asks for. */
const server = createServer((request, response) => {
  const { accept, 'accept-encoding': encoding } = request.headers;
  const accepted = negotiate(request.url === '/text' ? 'text/plain' : accept, String(encoding ?? ''));
  seenAccepts.add(`${request.url} ${accepted.format} ${accepted.gzip}`);
  const scrape = assemble(EXAMPLE_CATALOGUE, documents, accepted.format);
  sendScrape(response, scrape, accepted, { signal: AbortSignal.timeout(10_000) }).catch(() => response.destroy());
});
let address = '';

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

test('promtool finds nothing to complain about', async () => {
  const promtool = spawn('promtool', ['check', 'metrics'], { timeout: 20_000 });
  let complaints = '';
  for (const stream of [promtool.stdout, promtool.stderr]) stream.on('data', (data) => (complaints += data));
  promtool.stdin.end(Buffer.concat(assemble(EXAMPLE_CATALOGUE, documents, 'text').buffers()));
  const [code] = await once(promtool, 'close');
  expect(complaints).toBe('');
  expect(code).toBe(0);
});

test('curl --compressed reads what it reads plainly', async () => {
  const curl = async (...options: string[]) =>
    (await promisify(execFile)('curl', ['-sS', '--max-time', '20', ...options, `http://${address}/metrics`])).stdout;
  const plain = await curl();
  expect(plain).toContain('dbproxy_up{proxy="proxy-2",namespace="shop"} 1\n');
  expect(await curl('--compressed')).toBe(plain);
  expect(seenAccepts).toContain('/metrics text true');
});

describe('Prometheus', () => {
  let prometheus: Service | undefined;

  beforeAll(async () => {
    const job = (path: string) => ({
      job_name: path,
      metrics_path: `/${path}`,
      static_configs: [{ targets: [address] }],
    });
    // JSON is YAML.
    const config = { global: { scrape_interval: '1s' }, scrape_configs: [job('metrics'), job('text')] };
    prometheus = await startPrometheus({ config: JSON.stringify(config) });
    await until('both were scraped', async () => (await query('up == 1')).length === 2, 50_000);
  }, 90_000);

  afterAll(() => prometheus?.stop());

  const query = (text: string) => queryPrometheus(prometheus?.url ?? '', text);
  /** As scraped last: one scrape that came too late on a busy machine ends no series here. */
  const latest = (selector: string) => query(`last_over_time(${selector}[5m])`);

  test('asks for OpenMetrics and gzip', () => {
    expect(seenAccepts).toContain('/metrics openmetrics true');
    expect(seenAccepts).toContain('/text text true');
  });

  describe.each(['metrics', 'text'])('reads /%s:', (job) => {
    test('every sample', async () => {
      const format = job === 'text' ? 'text' : 'openmetrics';
      const text = Buffer.concat(assemble(EXAMPLE_CATALOGUE, documents, format).buffers()).toString();
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      expect(await latest(`{job="${job}",proxy!=""}`)).toHaveLength(lines.length);
    });

    test('hard texts as they are', async () => {
      const infos = await latest(`dbproxy_sql_digest_info{job="${job}",proxy="proxy-1"}`);
      expect(infos.map(({ labels }) => labels.digest_text).sort()).toEqual([...TEXTS].sort());
    });

    test('numbers with leading zeros and six decimals exactly', async () => {
      const labels = `{job="${job}",proxy="proxy-1",digest="0x0000000000000003"}`;
      expect((await latest(`dbproxy_sql_executions_total${labels}`))[0]?.text).toBe('3007');
      expect((await latest(`dbproxy_sql_duration_seconds_total${labels}`))[0]?.text).toBe('3.703701');
      const buckets = await latest(`dbproxy_command_duration_seconds_bucket{job="${job}",proxy="proxy-1",le="1.0"}`);
      expect(buckets[0]?.text).toBe('12');
      const latencies = await latest(`dbproxy_backend_latency_seconds{job="${job}",proxy="proxy-1"}`);
      expect(latencies.map(({ text }) => text).sort()).toEqual(['+Inf', '0.00025', 'NaN']);
    });
  });

  test('knows the types of all families', async () => {
    const response = await fetch(`${prometheus?.url}/api/v1/metadata`, { signal: AbortSignal.timeout(5_000) });
    const { data } = (await response.json()) as { data: Record<string, { type: string; unit: string }[]> };
    // Keyed by the OpenMetrics name, and for the older format by the full one.
    expect(data).toMatchObject({
      dbproxy_up: [{ type: 'gauge' }],
      dbproxy_sql_executions: [{ type: 'counter' }],
      dbproxy_sql_executions_total: [{ type: 'counter' }],
      dbproxy_sql_duration_seconds: [{ type: 'counter', unit: 'seconds' }],
      dbproxy_sql_digest: [{ type: 'info' }],
    });
  });
});
