import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ZERO } from '@proxywatch/core/domain/digests/counters';
import type { DigestCounters } from '@proxywatch/core/domain/digests/digest-read';
import { z } from 'zod';
import { startPrometheus } from '../../../infra/local/services/prometheus.ts';
import { renderPrometheusConfig } from '../../../infra/prometheus/render.ts';
import { Ledger } from '../oracle/ledger.ts';
import { counterOf, familyOf, type SqlAnswer } from '../oracle/sql-answer.ts';

const QUERY = '{__name__=~"dbproxy_sql_.*_total"}[1h]';
const ASK_MS = 2_000;
const matrix = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});

/** A Prometheus with the project's own configuration, which finds its targets through whichever gateway answers. */
export interface PrometheusWatch {
  /** What it has stored, told sample by sample to a ledger. */
  read(onFall: (what: string) => void): Promise<Ledger>;
  stop(): Promise<void>;
}

export async function startPrometheusWatch(discoveryUrls: () => readonly string[]): Promise<PrometheusWatch> {
  const balancer = await startBalancer(discoveryUrls);
  const { port } = balancer.address() as AddressInfo;
  const config = renderPrometheusConfig({
    scrapeInterval: '1s',
    scrapeTimeout: '1s',
    discoveryUrls: [`http://127.0.0.1:${port}/sd`],
  });
  const prometheus = await startPrometheus({ config });
  return {
    async read(onFall) {
      const response = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(QUERY)}`);
      const ledger = new Ledger(onFall);
      for (const [proxyId, answers] of answersOf(matrix.parse(await response.json()))) {
        // Prometheus tells the time of day, everything else here counts from the start of the process.
        const inOrder = [...answers].sort(([a], [b]) => a - b);
        for (const [timeMs, answer] of inOrder) ledger.store(proxyId, timeMs - performance.timeOrigin, answer);
      }
      return ledger;
    },
    async stop() {
      await prometheus.stop();
      balancer.closeAllConnections();
      await new Promise((resolve) => balancer.close(resolve));
    },
  };
}

/** Samples of one scrape have one time: together they are what was answered, by proxy and time. */
function answersOf({ data }: z.infer<typeof matrix>) {
  const proxies = new Map<string, Map<number, { totals: DigestCounters; series: Map<string, DigestCounters> }>>();
  for (const { metric, values } of data.result) {
    const { __name__: name = '', proxy = '', ...rest } = metric;
    const family = familyOf(name);
    if (!family) continue;
    const labels = Object.entries({ proxy, ...rest })
      .sort()
      .map(([label, value]) => `${label}="${value}"`)
      .join(',');
    const answers = proxies.get(proxy) ?? new Map();
    proxies.set(proxy, answers);
    for (const [timeS, text] of values) {
      const answer = answers.get(timeS * 1000) ?? { totals: ZERO, series: new Map() };
      answers.set(timeS * 1000, answer);
      const counter = { [family.column]: counterOf(family.column, text) };
      if (family.of === 'all') answer.totals = { ...answer.totals, ...counter };
      else answer.series.set(labels, { ...(answer.series.get(labels) ?? ZERO), ...counter });
    }
  }
  return proxies as ReadonlyMap<string, ReadonlyMap<number, SqlAnswer>>;
}

/** Hands a request to the first that answers, as a load balancer does. */
async function startBalancer(urls: () => readonly string[]): Promise<Server> {
  const server = createServer(async (_request, response) => {
    for (const url of urls()) {
      const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) }).catch(() => undefined);
      if (!answer?.ok) continue;
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(await answer.text().catch(() => '[]'));
      return;
    }
    response.writeHead(502).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
