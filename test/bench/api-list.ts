/**
 * GET of a page of 200 proxies out of 10,000, 32 connections at a time: the API as it runs locally and on AWS (token, roles,
 * schemas, cursor, log, its DCDB pool) behind the local server, against the same query with nothing but mysql2 and node:http.
 * Each in a process of its own, one after the other in turns, with all pages of the list in turn.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMariadb } from '../../infra/local/services/mariadb.ts';
import { bindLocalGroups, localGroup } from '../../infra/local/tokens/local-roles.ts';
import { createTokenKeys, LOCAL_AUDIENCE, LOCAL_ISSUER, signToken } from '../../infra/local/tokens/token-keys.ts';
import { createDcdb } from '../../layers/core/src/drivers/dcdb/create-dcdb.ts';
import { migrateDcdb } from '../../layers/core/src/drivers/dcdb/migrate-dcdb.ts';
import { registerProxies } from '../../layers/core/src/drivers/dcdb/proxy-repository.ts';
import { type BenchResult, compare, median } from './harness/result.ts';

const PROXIES = 10_000;
const PAGE = 200;
const CONNECTIONS = 32;
/** Short and many: the two take turns, so that what else the machine does hits both alike. */
const ROUNDS = 8;
const WARM_UP_MS = 1_500;
const ROUND_MS = 2_000;

interface Measured {
  readonly perSecond: number;
  readonly p99Ms: number;
}

interface Listing {
  /** Paths of all pages. */
  readonly pages: readonly string[];
  measure(durationMs: number): Promise<Measured>;
  stop(): Promise<void>;
}

export async function apiList(): Promise<BenchResult[]> {
  const server = await startMariadb();
  const folder = mkdtempSync(join(tmpdir(), 'api-list-'));
  const listings: Listing[] = [];
  try {
    await seed(server.url);
    const { env, token } = await writeSettings(server.url, folder);
    const api = await startListing('api', env, `Bearer ${token}`);
    const bare = await startListing('bare', env, undefined);
    listings.push(api, bare);
    if (api.pages.length !== PROXIES / PAGE || bare.pages.length !== api.pages.length)
      throw new Error('pages are missing');
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    for (const listing of listings) await listing.measure(WARM_UP_MS);
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await api.measure(ROUND_MS));
      theirs.push(await bare.measure(ROUND_MS));
    }
    console.table([
      ...ours.map((each) => ({ who: 'API', ...each })),
      ...theirs.map((each) => ({ who: 'bare', ...each })),
    ]);
    const rate = (rounds: readonly Measured[]) => Math.round(median(rounds.map(({ perSecond }) => perSecond)));
    const p99 = (rounds: readonly Measured[]) => median(rounds.map(({ p99Ms }) => p99Ms));
    const [value, baseline] = [rate(ours), rate(theirs)];
    return [
      // Here more is better.
      { name: 'api-list', value, unit: 'requests/s', baseline, ratio: Number((value / baseline).toPrecision(4)) },
      compare('api-list-p99', p99(ours), p99(theirs), 'ms'),
    ];
  } finally {
    await Promise.all(listings.map((listing) => listing.stop()));
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function seed(url: string): Promise<void> {
  const db = createDcdb(url);
  await migrateDcdb(db);
  await bindLocalGroups(db);
  await registerProxies(
    db,
    Array.from({ length: PROXIES }, (_, i) => ({
      id: `orders-${String(i).padStart(5, '0')}`,
      kind: 'proxysql',
      namespace: `orders-${i % 40}`,
      adminHost: `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`,
      adminPort: 6_032,
      adminTls: false,
      trafficHost: 'orders.example.internal',
      trafficPort: 6_033,
      statsCredentialRef: 'orders-stats',
      adminCredentialRef: 'orders-admin',
    })),
  );
  await db
    .updateTable('proxies')
    .set({ labels: '{"team":"orders","tier":"1"}', region: 'eu-central-1', zone: 'eu-central-1a' })
    .execute();
  await db.destroy();
}

/** The environment of the API, and a token of a viewer. */
async function writeSettings(dcdbUrl: string, folder: string) {
  const keys = await createTokenKeys();
  const fileOf = (name: string, text: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const env = {
    DCDB_URL: dcdbUrl,
    // Nothing of a page without run-time state is asked of it.
    REDIS_URL: 'redis://127.0.0.1:1',
    PROXY_CREDENTIALS_FILE: fileOf('credentials.json', '{}'),
    JWT_ISSUER: LOCAL_ISSUER,
    JWT_AUDIENCE: LOCAL_AUDIENCE,
    JWT_JWKS_FILE: fileOf('jwks.json', keys.jwks),
    SECRET_KEY_FILE: fileOf('secret.key', Buffer.alloc(32, 7).toString('base64')),
  };
  const token = await signToken(keys.privateJwk, { sub: 'bench', groups: [localGroup('viewer')], lifetimeS: 3_600 });
  return { env, token };
}

async function startListing(
  kind: 'api' | 'bare',
  env: Readonly<Record<string, string>>,
  authorization: string | undefined,
) {
  const child = fork(new URL('./api-list-process.ts', import.meta.url), [kind], {
    env: { ...process.env, ...env },
    // Its log costs it what it costs anywhere; nobody reads it.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const headers: Readonly<Record<string, string>> = authorization === undefined ? {} : { authorization };
  const fetchPage = (path: string) => fetchText(`${url}${path}`, agent, headers);
  const pages = await pagesOf(fetchPage);
  return {
    pages,
    measure: (durationMs: number) => measure(pages, fetchPage, durationMs),
    async stop() {
      agent.destroy();
      child.disconnect();
      await once(child, 'exit');
    },
  } satisfies Listing;
}

async function pagesOf(fetchPage: (path: string) => Promise<string>): Promise<readonly string[]> {
  const pages: string[] = [];
  let path: string | undefined = `/v1/proxies?limit=${PAGE}`;
  while (path !== undefined) {
    pages.push(path);
    const { items, nextCursor }: { items: unknown[]; nextCursor: string | null } = JSON.parse(await fetchPage(path));
    if (items.length !== PAGE) throw new Error(`a page has ${items.length} proxies`);
    path = nextCursor === null ? undefined : `/v1/proxies?limit=${PAGE}&cursor=${encodeURIComponent(nextCursor)}`;
  }
  return pages;
}

async function measure(
  pages: readonly string[],
  fetchPage: (path: string) => Promise<string>,
  durationMs: number,
): Promise<Measured> {
  const latencies: number[] = [];
  const startedMs = performance.now();
  let next = 0;
  async function client(): Promise<void> {
    while (performance.now() - startedMs < durationMs) {
      const path = pages[next++ % pages.length] ?? '';
      const sentMs = performance.now();
      await fetchPage(path);
      latencies.push(performance.now() - sentMs);
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  const tookS = (performance.now() - startedMs) / 1_000;
  const p99Ms = latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? Number.NaN;
  return { perSecond: latencies.length / tookS, p99Ms };
}

function fetchText(url: string, agent: Agent, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${response.statusCode}: ${text}`));
      });
    }).on('error', reject);
  });
}

if (import.meta.main) console.table(await apiList());
