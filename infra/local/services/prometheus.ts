import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Service, type ServiceOptions, startService } from './service.ts';

const PROBE_TIMEOUT_MS = 1_000;
/** Rules that may change while the server runs; a configuration that names the file need not find one. */
export const ALERT_RULES = 'alert-rules.yml';

export interface PrometheusOptions extends ServiceOptions {
  /** Text of its configuration file. */
  readonly config: string;
  /** Text of `rules.yml`, which the configuration may name: it stands beside it. */
  readonly rules?: string;
}

export interface PrometheusService extends Service {
  /** `alert-rules.yml` beside its configuration, for whoever publishes rules. */
  readonly alertRulesFile: string;
  /** A POST there has it read its configuration and rules again. */
  readonly reloadUrl: string;
}

/** A Prometheus server on loopback. `url` is `http://127.0.0.1:<port>`. */
export async function startPrometheus({ config, rules, ...options }: PrometheusOptions): Promise<PrometheusService> {
  let folder = '';
  const started = await startService(
    {
      name: 'prometheus',
      binary: 'prometheus',
      portVariable: 'PROMETHEUS_PORT',
      accounts: ['prometheus'],
      prepare: async ({ dir, account }) => {
        folder = dir;
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
        '--web.enable-lifecycle',
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
  return { ...started, alertRulesFile: join(folder, ALERT_RULES), reloadUrl: `${started.url}/-/reload` };
}
