// The API of a local run: the same handlers and the same table of routes as on AWS, behind a server that does what API Gateway
// does. Operations go on in this process, and a clock stands for the schedule that takes up dead ones.
import { setTimeout as delay } from 'node:timers/promises';
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { port } from '@proxywatch/core/config/fields';
import { parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { messageOf } from '@proxywatch/core/domain/errors';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { z } from 'zod';
import { apiRoutes } from '../../../functions/api/routes.ts';
import { parseApiConfig } from '../../../functions/api/shared/config.ts';
import { createApiHandler } from '../../../functions/api/shared/create-api-handler.ts';
import { createApiRuntime } from '../../../functions/api/shared/create-api-runtime.ts';
import { type AnyRoute, API_MODULES, type ApiModule } from '../../../functions/api/shared/route.ts';
import { operateHere } from '../../../functions/control/operate-here.ts';
import { sweepOperations } from '../../../functions/control/sweep-operations.ts';
import { type ProxyHandler, startRestServer } from './rest-server.ts';

/** On AWS a minute; people wait here. */
const SWEEP_INTERVAL_MS = 5_000;
/** Whoever stops us kills what is left after ten seconds. */
const STOP_LIMIT_MS = 8_000;

const { API_PORT } = exitOnConfigError(() =>
  parseEnvironment(z.object({ API_PORT: port({ min: 0 }).default(8080) }), process.env),
);
const config = exitOnConfigError(() => parseApiConfig(process.env));
const log = createJsonLog((line) => process.stdout.write(line));
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort());
stopping.signal.addEventListener('abort', () => setTimeout(() => process.exit(0), STOP_LIMIT_MS).unref());

const runtime = createApiRuntime(config, log, { operateHere });
const handlers = Object.fromEntries(
  API_MODULES.map((module) => [module, createApiHandler(module, apiRoutes, () => runtime, { known: apiRoutes })]),
) as unknown as Readonly<Record<ApiModule, ProxyHandler>>;

try {
  const server = await startRestServer<AnyRoute>(
    { routes: apiRoutes, handlerOf: ({ module }) => handlers[module], fallback: handlers.system },
    API_PORT,
  );
  console.log(JSON.stringify({ ready: true, url: server.url }));
  await sweepUntilStopped();
  await server.stop();
} catch (error) {
  log.error('the api failed', { message: messageOf(error) });
  process.exitCode = 1;
} finally {
  await Promise.allSettled([runtime.deps.redis.close(), runtime.deps.db.destroy()]);
  // What an operation was about to do, the next process takes up.
  process.exit();
}

async function sweepUntilStopped(): Promise<void> {
  while (!stopping.signal.aborted) {
    await delay(SWEEP_INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    if (stopping.signal.aborted) return;
    await sweepOperations(runtime.deps, stopping.signal).catch((error: unknown) =>
      log.warn('operations were not looked through', { message: messageOf(error) }),
    );
  }
}
