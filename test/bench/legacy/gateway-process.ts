// The gateway of the original design, `gateway-process.ts <redis url>`: GET /metrics?concurrency=<n> collects from all
// proxies, so many at once, and answers with what each step cost in the header X-Costs. Sends { port }, and ends with its
// parent. A history is one key with one JSON document; the text is put together by hand, and nothing is compressed.
import { Agent, createServer, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import { correct, type DigestRow, type History, render } from './history.ts';

/** Milliseconds that scrapes waited for each step; with one proxy at a time they add up. */
export interface LegacyCosts {
  readonly nodes: number;
  readonly probe: number;
  readonly history: number;
}

const redis = new Redis(process.argv[2] ?? '');
const agent = new Agent({ keepAlive: true });

const server = createServer((request, response) => {
  const concurrency = Number(new URL(request.url ?? '/', 'http://gateway').searchParams.get('concurrency'));
  collectAll(concurrency).then(
    ({ exposition, costs }) => response.setHeader('X-Costs', JSON.stringify(costs)).end(exposition),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 });
});
process.on('disconnect', () => process.exit());

async function collectAll(concurrency: number) {
  const costs = { nodes: 0, probe: 0, history: 0 } satisfies LegacyCosts;
  const timed = async <T>(step: keyof LegacyCosts, work: () => Promise<T>): Promise<T> => {
    const fromMs = performance.now();
    const result = await work();
    costs[step] += performance.now() - fromMs;
    return result;
  };
  const { proxies, probe } = await timed('nodes', fetchNodes);
  const expositions: string[] = [];
  const queue = Object.entries(proxies).values();
  async function work(): Promise<void> {
    for (const [proxy, port] of queue) {
      const rows = await timed('probe', () => askProbe(probe, port));
      const history = await timed('history', () => updateHistory(proxy, rows));
      expositions.push(render(proxy, history));
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work));
  return { exposition: expositions.join(''), costs };
}

/** Which proxies there are, which gateways share them, and which probe reaches them. */
async function fetchNodes() {
  const [proxies, gateways, probes] = await Promise.all([
    redis.hgetall('proxy:nodes'),
    redis.hgetall('gateway:nodes'),
    redis.hgetall('probe:nodes'),
  ]);
  const probe = Object.values(probes)[0];
  if (probe === undefined || Object.keys(gateways).length !== 1) throw new Error('no probe, or not this gateway alone');
  return { proxies, probe };
}

async function askProbe(probe: string, port: string): Promise<readonly DigestRow[]> {
  return new Promise((resolve, reject) => {
    const request = get(`http://${probe}/collect?port=${port}`, { agent }, (response) => {
      text(response).then((body) => {
        if (response.statusCode === 200) resolve(JSON.parse(body));
        else reject(new Error(body));
      }, reject);
    });
    request.once('error', reject);
  });
}

async function updateHistory(proxy: string, rows: readonly DigestRow[]): Promise<History> {
  const key = `sql-stats-history:${proxy}`;
  const history = correct(JSON.parse((await redis.get(key)) ?? '{}'), rows);
  await redis.set(key, JSON.stringify(history));
  return history;
}
