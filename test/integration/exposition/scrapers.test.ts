import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { negotiate } from '../../../functions/gateway/exposition/negotiate.ts';
import { assemble } from '../../../functions/gateway/exposition/scrape.ts';
import { sendScrape } from '../../../functions/gateway/exposition/send-scrape.ts';
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
  let directory = '';
  let prometheus: ReturnType<typeof spawn> | undefined;
  let api = '';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'proxywatch-exposition-'));
    const job = (path: string) => ({
      job_name: path,
      metrics_path: `/${path}`,
      static_configs: [{ targets: [address] }],
    });
    // JSON is YAML.
    const config = {
      global: { scrape_interval: '500ms', scrape_timeout: '500ms' },
      scrape_configs: [job('metrics'), job('text')],
    };
    await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(config));
    // Prometheus cannot say which free port it took, so it gets one that was free a moment ago.
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    api = `127.0.0.1:${(probe.address() as AddressInfo).port}`;
    probe.close();
    await once(probe, 'close');
    prometheus = spawn(
      'prometheus',
      [
        `--config.file=${directory}/prometheus.yml`,
        `--storage.tsdb.path=${directory}/data`,
        `--web.listen-address=${api}`,
      ],
      { stdio: 'ignore' },
    );
    await untilTrue(async () => (await query('sum(up)'))[0]?.value === '2');
  }, 60_000);

  afterAll(async () => {
    if (prometheus !== undefined && prometheus.exitCode === null) {
      prometheus.kill('SIGKILL');
      await once(prometheus, 'exit');
    }
    await rm(directory, { recursive: true, force: true });
  });

  async function query(expression: string): Promise<{ metric: Record<string, string>; value: string }[]> {
    const url = `http://${api}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    const { data } = (await response.json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return data.result.map(({ metric, value }) => ({ metric, value: value[1] }));
  }

  test('asks for OpenMetrics and gzip', () => {
    expect(seenAccepts).toContain('/metrics openmetrics true');
    expect(seenAccepts).toContain('/text text true');
  });

  describe.each(['metrics', 'text'])('reads /%s:', (job) => {
    test('every sample', async () => {
      const format = job === 'text' ? 'text' : 'openmetrics';
      const text = Buffer.concat(assemble(EXAMPLE_CATALOGUE, documents, format).buffers()).toString();
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      const [count] = await query(`count({job="${job}",proxy!=""})`);
      expect(Number(count?.value)).toBe(lines.length);
    });

    test('hard texts as they are', async () => {
      const infos = await query(`dbproxy_sql_digest_info{job="${job}",proxy="proxy-1"}`);
      expect(infos.map(({ metric }) => metric.digest_text).sort()).toEqual([...TEXTS].sort());
    });

    test('numbers with leading zeros and six decimals exactly', async () => {
      const labels = `{job="${job}",proxy="proxy-1",digest="0x0000000000000003"}`;
      expect((await query(`dbproxy_sql_executions_total${labels}`))[0]?.value).toBe('3007');
      expect((await query(`dbproxy_sql_duration_seconds_total${labels}`))[0]?.value).toBe('3.703701');
      const buckets = await query(`dbproxy_command_duration_seconds_bucket{job="${job}",proxy="proxy-1",le="1.0"}`);
      expect(buckets[0]?.value).toBe('12');
      const latencies = await query(`dbproxy_backend_latency_seconds{job="${job}",proxy="proxy-1"}`);
      expect(latencies.map(({ value }) => value).sort()).toEqual(['+Inf', '0.00025', 'NaN']);
    });
  });

  test('knows the types of all families', async () => {
    const response = await fetch(`http://${api}/api/v1/metadata`, { signal: AbortSignal.timeout(5_000) });
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

async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 50_000;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline) throw new Error('it did not become true in time');
    await delay(100);
  }
}
