/**
 * What a collection costs the collector: a proxy with 50,000 digests of which 1 % were executed since the last read. Ours:
 * the driver's read of changed rows and its merge into the history. Baseline: `SELECT *` with mysql2 as it comes.
 */
import { createConnection } from 'mysql2/promise';
import { ProxyHistory } from '../../layers/core/src/domain/digests/proxy-history.ts';
import { openSession } from '../support/proxysql-session.ts';
import { type Lab, startLab } from './harness/lab.ts';
import { ownCpuMsOf } from './harness/process-usage.ts';
import { type BenchResult, compare, median } from './harness/result.ts';

const DIGESTS = 50_000;
const ACTIVE = DIGESTS / 100;
const TOP_N = 100;
const OUR_ROUNDS = { warmUp: 10, measured: 25 };
const THEIR_ROUNDS = { warmUp: 2, measured: 7 };

export async function digestRead50k1Percent(): Promise<BenchResult[]> {
  const lab = await startLab(1, DIGESTS);
  try {
    const ours = await measureOurs(lab);
    const theirs = await measureTheirs(lab);
    return [compare('digest-read-50k-1pct', ours, theirs, 'ms CPU')];
  } finally {
    await lab.stop();
  }
}

async function measureOurs(lab: Lab): Promise<number> {
  const session = await openSession(lab.ports[0] ?? 0);
  const history = new ProxyHistory();
  let readAtS = performance.now() / 1_000;

  async function collect(sinceUptimeS: number | undefined): Promise<number> {
    const read = await session.fetchDigests(sinceUptimeS === undefined ? {} : { sinceUptimeS });
    const nowS = performance.now() / 1_000;
    const elapsed = { minS: nowS - readAtS - 1, maxS: nowS - readAtS + 1 };
    readAtS = nowS;
    const { kind } = history.correct(read, { tookS: 0, wallS: 0, elapsed }, { topN: TOP_N, atS: nowS, mayLeave: true });
    if (kind !== 'corrected') throw new Error(`the history was ${kind}`);
    history.markStored();
    return read.rows.length;
  }

  try {
    await collect(undefined);
    return await medianCpuMs(OUR_ROUNDS, async () => {
      await lab.touch(ACTIVE);
      return async () => {
        const rows = await collect(history.baseline?.uptimeS);
        if (rows < 0.9 * ACTIVE || rows > ACTIVE) throw new Error(`${rows} changed rows instead of ${ACTIVE}`);
      };
    });
  } finally {
    await session.close();
  }
}

async function measureTheirs(lab: Lab): Promise<number> {
  const port = lab.ports[0] ?? 0;
  const connection = await createConnection({ host: '127.0.0.1', port, user: 'stats', password: 'stats' });
  try {
    return await medianCpuMs(THEIR_ROUNDS, async () => {
      await lab.touch(ACTIVE);
      return async () => {
        const [rows] = await connection.query('SELECT * FROM stats_mysql_query_digest');
        if (!Array.isArray(rows) || rows.length !== DIGESTS) throw new Error('not all digests came');
      };
    });
  } finally {
    await connection.end();
  }
}

/** `prepare` gives what is measured; garbage of earlier rounds is nobody's cost. */
async function medianCpuMs(
  { warmUp, measured }: { readonly warmUp: number; readonly measured: number },
  prepare: () => Promise<() => Promise<void>>,
): Promise<number> {
  const costs: number[] = [];
  for (let round = 0; round < warmUp + measured; round++) {
    const run = await prepare();
    globalThis.gc?.();
    costs.push(await ownCpuMsOf(run));
  }
  return median(costs.slice(warmUp));
}

if (import.meta.main) console.table(await digestRead50k1Percent());
