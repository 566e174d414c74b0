// The reference server of the database configuration service: `{"ready":true,…}` on stdout when it listens, what is done
// through /admin on stderr.
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { messageOf } from '@proxywatch/core/domain/errors';
import { createCatalogue } from './catalogue.ts';
import { parseDbconfigServerConfig } from './config.ts';
import { labClusters } from './lab-clusters.ts';
import { startDbconfigServer } from './server.ts';

const STOP_TIMEOUT_MS = 5_000;

const config = exitOnConfigError(() => parseDbconfigServerConfig(process.env));
const log = (line: string): void => void process.stderr.write(`${new Date().toISOString()} dbconfig ${line}\n`);
const backend = new URL(config.LAB_BACKEND_URL);

try {
  const server = await startDbconfigServer({
    catalogue: createCatalogue(labClusters(backend.hostname, Number(backend.port || 3306)), Date.now),
    host: config.DBCONFIG_HOST,
    port: config.DBCONFIG_PORT,
    token: config.DBCONFIG_TOKEN,
    log,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      // What does not end in time ends with the process.
      setTimeout(() => process.exit(0), STOP_TIMEOUT_MS).unref();
      void server.close();
    });
  }
  process.stdout.write(`${JSON.stringify({ ready: true, url: server.url })}\n`);
} catch (error) {
  log(`cannot start: ${messageOf(error)}`);
  process.exitCode = 1;
}
