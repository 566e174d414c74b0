// Lists proxies over HTTP, in a process of its own, forked by api-list.ts: `api-list-process.ts api` with the environment of the
// API, or `api-list-process.ts bare`, the same query with nothing but mysql2 and node:http. Sends { url }; ends with its parent.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createJsonLog } from '@proxywatch/core/drivers/log/json-log';
import { createPool, type RowDataPacket } from 'mysql2/promise';
import { proxiesRoutes } from '../../functions/api/proxies/routes.ts';
import { parseApiConfig } from '../../functions/api/shared/config.ts';
import { createApiHandler } from '../../functions/api/shared/create-api-handler.ts';
import { createApiRuntime } from '../../functions/api/shared/create-api-runtime.ts';
import { type ProxyHandler, startRestServer } from '../../infra/local/api/rest-server.ts';

const CONNECTIONS = 10;
const COLUMNS =
  'id, kind, namespace, admin_host, admin_port, admin_tls, traffic_host, traffic_port, stats_credential_ref, ' +
  'admin_credential_ref, managed, region, zone, labels, state, revision, created_at, updated_at';

process.on('disconnect', () => process.exit());
process.send?.({ url: process.argv[2] === 'api' ? await startApi() : await startBare() });

async function startApi(): Promise<string> {
  const log = createJsonLog((line) => process.stdout.write(line));
  const runtime = createApiRuntime(parseApiConfig(process.env), log);
  const handler = createApiHandler('proxies', proxiesRoutes, () => runtime) as ProxyHandler;
  const { url } = await startRestServer({ routes: proxiesRoutes, handlerOf: () => handler, fallback: handler }, 0);
  return url;
}

async function startBare(): Promise<string> {
  const pool = createPool({ uri: process.env.DCDB_URL ?? '', connectionLimit: CONNECTIONS, timezone: 'Z' });
  const server = createServer(async (request, response) => {
    const { searchParams } = new URL(`http://local${request.url}`);
    const [limit, cursor] = [Number(searchParams.get('limit')), searchParams.get('cursor') ?? ''];
    const [rows] = await pool.query<RowDataPacket[]>(
      `select ${COLUMNS} from proxies where id > ? order by id limit ?`,
      [cursor, limit + 1],
    );
    const items = rows.slice(0, limit);
    const nextCursor = rows.length > limit ? (items.at(-1)?.id ?? null) : null;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ items, nextCursor }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
