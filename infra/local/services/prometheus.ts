import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Service, type ServiceOptions, startService } from './service.ts';

const PROBE_TIMEOUT_MS = 1_000;

export interface PrometheusOptions extends ServiceOptions {
  /** Text of its configuration file. */
  readonly config: string;
  /** Text of `rules.yml`, which the configuration may name: it stands beside it. */
  readonly rules?: string;
}

/** A Prometheus server on loopback. `url` is `http://127.0.0.1:<port>`. */
export function startPrometheus({ config, rules, ...options }: PrometheusOptions): Promise<Service> {
  return startService(
    {
      name: 'prometheus',
      binary: 'prometheus',
      portVariable: 'PROMETHEUS_PORT',
      accounts: ['prometheus'],
      prepare: async ({ dir, account }) => {
        const texts = { 'prometheus.yml': config, ...(rules === undefined ? {} : { 'rules.yml': rules }) };
        for (const [name, text] of Object.entries(texts)) {
          await writeFile(join(dir, name), text, { mode: 0o600 });
          if (account !== undefined) await chown(join(dir, name), account.uid, account.gid);
        }
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
