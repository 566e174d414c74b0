import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { createCatalogue } from '../../infra/local/dbconfig/catalogue.ts';
import { labClusters } from '../../infra/local/dbconfig/lab-clusters.ts';
import { startDbconfigServer } from '../../infra/local/dbconfig/server.ts';
import { startLabProxy } from '../../infra/local/lab/lab-proxy.ts';
import { startKafka } from '../../infra/local/services/kafka.ts';
import { startMariadb } from '../../infra/local/services/mariadb.ts';
import { startPrometheus } from '../../infra/local/services/prometheus.ts';
import { startRedis } from '../../infra/local/services/redis.ts';

/** Addresses of what the deployed functions work with; all of it is real, on loopback. */
export interface World {
  readonly redisUrl: string;
  readonly dcdbUrl: string;
  readonly kafkaBrokers: string;
  readonly dbconfigUrl: string;
  /** A Prometheus below whose address `/workspaces/<any id>` is itself, as in Amazon Managed Prometheus. */
  readonly prometheusUrl: string;
  readonly labs: readonly LabAddress[];
}

export interface LabAddress {
  readonly id: string;
  readonly namespace: string;
  readonly adminPort: number;
  readonly trafficPort: number;
}

/** Hostgroup of lab proxies that leads to MariaDB; who logs in as its owner gets there. */
const HOSTGROUP = 10;
/** The broker that is used here makes topics by itself when they are used, and not when it is asked to. */
const TOPICS = ['proxywatch.slow-sql.v1', 'proxywatch.slow-transactions.v1', 'proxywatch.key-logs.v1'];
const LABS = [
  { id: 'lab-1', namespace: 'shop' },
  { id: 'lab-2', namespace: 'shop' },
  { id: 'lab-3', namespace: 'reporting' },
];

/** Starts all of it. `onStop` is told of what has to be stopped as soon as it runs, in this order. */
export async function startWorld(folder: string, onStop: (stop: () => Promise<unknown>) => void): Promise<World> {
  const [redis, mariadb, kafka, prometheus] = await Promise.all([
    kept(startRedis()),
    kept(startMariadb()),
    kept(startKafka()),
    kept(startPrometheus({ config: 'global: {}\n' })),
  ]);
  await useTopics(kafka.url);
  const dbconfig = await startDbconfigServer({
    catalogue: createCatalogue(labClusters('127.0.0.1', mariadb.port), Date.now),
    host: '127.0.0.1',
    port: 0,
    log: () => {},
  });
  onStop(() => dbconfig.close());
  const workspaces = await startWorkspaces(prometheus.url);
  onStop(workspaces.close);
  const labs: LabAddress[] = [];
  for (const lab of LABS) {
    const { adminPort, trafficPort, stop } = await startLabProxy({
      adminPort: 0,
      trafficPort: 0,
      dataDir: join(folder, lab.id),
      backends: {
        servers: [{ hostgroup_id: HOSTGROUP, hostname: '127.0.0.1', port: mariadb.port }],
        users: [{ username: 'proxywatch', password: 'proxywatch', default_hostgroup: HOSTGROUP }],
      },
    });
    onStop(stop);
    labs.push({ ...lab, adminPort, trafficPort });
  }
  return {
    redisUrl: redis.url,
    dcdbUrl: mariadb.url,
    kafkaBrokers: kafka.url,
    dbconfigUrl: dbconfig.url,
    prometheusUrl: workspaces.url,
    labs,
  };

  async function kept<S extends { stop(): Promise<unknown> }>(starting: Promise<S>): Promise<S> {
    const started = await starting;
    onStop(() => started.stop());
    return started;
  }
}

async function useTopics(brokers: string): Promise<void> {
  const producer = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  for (const topic of TOPICS) await producer.send({ topic, messages: [{ value: 'the topic is there' }] });
  await producer.disconnect();
}

/** Forwards what comes below `/workspaces/<id>`, signed for Amazon Managed Prometheus. */
async function startWorkspaces(prometheusUrl: string): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const isSigned = /^AWS4-HMAC-SHA256 .*\/aps\/aws4_request/.test(request.headers.authorization ?? '');
    if (!isSigned) return void response.writeHead(403).end();
    const path = (request.url ?? '/').replace(/^\/workspaces\/[^/]+/, '');
    try {
      const answer = await fetch(prometheusUrl + path, {
        method: request.method ?? 'GET',
        headers: { 'content-type': request.headers['content-type'] ?? 'text/plain' },
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      });
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
      response.end(Buffer.from(await answer.arrayBuffer()));
    } catch {
      response.writeHead(502).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
