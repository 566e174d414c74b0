import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Service, type ServiceOptions, startService } from './service.ts';

const PROBE_TIMEOUT_MS = 1_000;

export interface PrometheusOptions extends ServiceOptions {
  /** Text of its configuration file. */
  readonly config: string;
}

/** A Prometheus server on loopback. `url` is `http://127.0.0.1:<port>`. */
export function startPrometheus({ config, ...options }: PrometheusOptions): Promise<Service> {
  return startService(
    {
      name: 'prometheus',
      binary: 'prometheus',
      portVariable: 'PROMETHEUS_PORT',
      accounts: ['prometheus'],
      prepare: async ({ dir, account }) => {
        const file = join(dir, 'prometheus.yml');
        await writeFile(file, config, { mode: 0o600 });
        if (account !== undefined) await chown(file, account.uid, account.gid);
      },
      args: ({ dir, port }) => [
        `--config.file=${join(dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        '--storage.tsdb.retention.time=1d',
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      ready: async ({ port }, signal) => {
        const url = `http://127.0.0.1:${port}`;
        const limit = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
        const response = await fetch(`${url}/-/ready`, { signal: limit });
        await response.arrayBuffer();
        return response.ok ? url : undefined;
      },
    },
    options,
  );
}
