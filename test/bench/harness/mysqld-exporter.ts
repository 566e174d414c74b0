import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinary } from '../../../infra/local/services/binaries.ts';
import { startChild } from '../../../infra/local/services/child.ts';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { until } from '../../support/until.ts';

/** Longer than any text of a benchmark: cut texts would put two digests into one series. */
const TEXT_LIMIT = 512;
const START_TIMEOUT_MS = 10_000;

/** Collectors that are on by default; a comparison of statement statistics is fairer without them. */
const OTHER_COLLECTORS = [
  'global_status',
  'global_variables',
  'slave_status',
  'info_schema.innodb_cmp',
  'info_schema.innodb_cmpmem',
  'info_schema.query_response_time',
];

export interface MysqldExporter {
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** Debian's prometheus-mysqld-exporter with nothing but the collector of statement digests, `limit` of them. */
export async function startMysqldExporter(mysqlUrl: string, limit: number): Promise<MysqldExporter> {
  const { username, password, host } = new URL(mysqlUrl);
  const dir = mkdtempSync(join(tmpdir(), 'proxywatch-bench-exporter-'));
  const log = join(dir, 'log');
  const port = await pickFreePort();
  const url = `http://127.0.0.1:${port}`;
  const child = await startChild({
    command: findBinary('prometheus-mysqld-exporter'),
    args: [
      `--web.listen-address=127.0.0.1:${port}`,
      '--collect.perf_schema.eventsstatements',
      `--collect.perf_schema.eventsstatements.limit=${limit}`,
      `--collect.perf_schema.eventsstatements.digest_text_limit=${TEXT_LIMIT}`,
      ...OTHER_COLLECTORS.map((name) => `--no-collect.${name}`),
    ],
    cwd: dir,
    log,
    env: { PATH: process.env.PATH ?? '', HOME: dir, DATA_SOURCE_NAME: `${username}:${password}@(${host})/` },
  });
  const stop = async (): Promise<void> => {
    await child.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const answers = () =>
      fetch(url).then(
        ({ ok }) => ok,
        () => false,
      );
    await until('the exporter answers', answers, START_TIMEOUT_MS);
  } catch (error) {
    const tail = readFileSync(log, 'utf8').slice(-2_000);
    await stop();
    throw new Error(`prometheus-mysqld-exporter did not start; its log ends with:\n${tail}`, { cause: error });
  }
  return { pid: child.pid, url, stop };
}
